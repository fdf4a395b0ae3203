// Frames of a gradient descent (core/explain/convolution/learning.py): the kernel of each frame is slid over the photo here.
// New frames play by themselves once, but not for whoever asks for less motion.

const views = new WeakMap()
const SPOKEN_AFTER = 400 // milliseconds of rest before a screen reader is told

export default function (component) {
  const { data, parentElement } = component
  const view = views.get(parentElement) ?? { timer: null, playing: false, open: false, frame: 0 }
  views.set(parentElement, view)
  view.find = (id) => parentElement.querySelector("#" + id)
  const given = JSON.stringify(data)
  const fresh = view.came !== given
  if (fresh) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
    Object.assign(view, { came: given, data, given: unpacked(data.given), wanted: unpacked(data.wanted) })
    view.limit = view.wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9)
    view.find("said").parentElement.dataset.film = data.secret.join(" ")
    view.frame = calm ? data.steps.length - 1 : 0
    still(view)
    play(view, !calm)
  } else if (view.playing) play(view, true) // what cleaned up before this call has stopped the clock
  view.find("scrub").oninput = (event) => show(view, Number(event.target.value))
  view.find("play").onclick = () => {
    if (!view.playing && view.frame === view.data.steps.length - 1) view.frame = 0
    play(view, !view.playing)
  }
  view.find("speed").onchange = () => play(view, view.playing)
  view.find("reveal").onclick = () => {
    view.open = !view.open
    draw(view)
  }
  draw(view)
  return () => {
    clearInterval(view.timer)
    clearTimeout(view.spoken)
  }
}

function unpacked(text) {
  return new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer)
}

function show(view, frame) {
  play(view, false)
  view.frame = frame
  draw(view)
}

function play(view, on) {
  clearInterval(view.timer)
  view.playing = on
  view.find("play").textContent = on ? "❚❚ Pause" : "▶ Play"
  if (!on) return
  view.timer = setInterval(() => {
    if (!view.find("play")?.isConnected) return clearInterval(view.timer)
    if (view.frame >= view.data.steps.length - 1) play(view, false)
    else view.frame += 1
    draw(view)
  }, 1000 / Number(view.find("speed").value))
}

// What no frame changes: the photo, what is wanted of it, and the line of the losses.
function still(view) {
  const { data } = view
  paint(view.find("given"), data.width, data.height, (place) => {
    const grey = 255 * (view.given[place] * 0.25 + 0.5)
    return [grey, grey, grey]
  })
  paint(view.find("wanted"), data.width - 2, data.height - 2, (place) => signed(view.wanted[place] / view.limit))
  for (const id of ["learned", "secret"]) {
    view.find(id).replaceChildren()
    for (let place = 0; place < 9; place++) add(view.find(id), "span")
  }
  view.find("scrub").max = data.steps.length - 1
  const floor = 1e-12, logs = data.losses.map((loss) => Math.log10(Math.max(loss, floor)))
  const low = Math.floor(Math.min(...logs)), high = Math.max(low + 1, Math.ceil(Math.max(...logs)))
  const last = Math.log10(data.steps[data.steps.length - 1] + 1)
  view.at = (frame) => [
    44 + (268 * Math.log10(data.steps[frame] + 1)) / Math.max(last, 1e-9), 8 + (112 * (high - logs[frame])) / (high - low)]
  const chart = view.find("chart")
  const words = [[40, 14, "end", power(high)], [40, 124, "end", power(low)], [44, 138, "start", "step 0"],
    [312, 138, "end", data.steps[data.steps.length - 1].toLocaleString("en-GB")]]
  chart.innerHTML = `<line x1="44" x2="312" y1="120" y2="120"/><line x1="44" x2="44" y1="8" y2="120"/>` +
    words.map(([x, y, anchor, text]) => `<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`).join("") +
    `<path d="${data.steps.map((_, frame) => (frame ? "L" : "M") + view.at(frame).map((number) => number.toFixed(1)).join(" ")).join("")}"/>` +
    `<circle r="5"/>`
  chart.setAttribute("aria-label",
    `Loss from ${data.losses[0]} at step 0 to ${data.losses[data.losses.length - 1]} at step ${data.steps[data.steps.length - 1]}`)
}

const power = (exponent) => `1e${exponent}`.replace("-", "−")

function draw(view) {
  const { data, frame } = view
  const kernel = data.kernels[frame], wide = data.width - 2
  paint(view.find("made"), wide, data.height - 2, (place) => {
    const corner = Math.floor(place / wide) * data.width + (place % wide)
    let sum = 0
    for (let k = 0; k < 9; k++) sum += kernel[k] * view.given[corner + Math.floor(k / 3) * data.width + (k % 3)]
    return signed(sum / view.limit)
  })
  fill(view.find("learned"), kernel)
  fill(view.find("secret"), view.open ? data.secret : null)
  view.find("reveal").textContent = view.open ? "Hide" : "Show"
  view.find("reveal").setAttribute("aria-pressed", String(view.open))
  view.find("reveal").setAttribute("aria-label", view.open ? "Hide the secret kernel" : "Show the secret kernel")
  view.find("scrub").value = frame
  fillTrack(view.find("scrub"))
  const said = `Step ${data.steps[frame].toLocaleString("en-GB")}: loss ${written(data.losses[frame])}`
  view.find("scrub").setAttribute("aria-valuetext", said)
  view.find("said").textContent = said
  const [x, y] = view.at(frame), dot = view.find("chart").querySelector("circle")
  dot.setAttribute("cx", x)
  dot.setAttribute("cy", y)
  clearTimeout(view.spoken)
  view.spoken = setTimeout(() => { if (!view.playing) view.find("spoken").textContent = said }, SPOKEN_AFTER)
}

function fill(grid, kernel) {
  const largest = Math.max(...(kernel ?? [1]).map(Math.abs), 1e-9)
  ;[...grid.children].forEach((cell, place) => {
    const weight = kernel?.[place]
    cell.textContent = kernel ? written(Math.abs(weight) < 5e-4 ? 0 : weight) : "?"
    cell.style.background = kernel
      ? `rgba(${weight < 0 ? "72,140,205" : "232,130,50"},${(0.55 * Math.abs(weight / largest)).toFixed(2)})` : ""
  })
}

function written(value) {
  const size = Math.abs(value)
  const text = size >= 1e5 || (size && size < 1e-3) ? value.toExponential(1) : String(Number(value.toFixed(3)))
  return text.replaceAll("-", "−")
}

function paint(canvas, width, height, colour) {
  Object.assign(canvas, { width, height })
  const context = canvas.getContext("2d")
  const image = context.createImageData(width, height)
  for (let place = 0; place < width * height; place++) image.data.set([...colour(place), 255], 4 * place)
  context.putImageData(image, 0, 0)
}
