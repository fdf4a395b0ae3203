// The kernel puzzle: every key in a field changes picture and score here, by the rules of core/explain/convolution/puzzle.py;
// the server hears of a field that is left, and of a level that is solved.

const views = new WeakMap()
const SPOKEN_AFTER = 700 // milliseconds of rest before a screen reader is told the score
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i
const NAMES = ["First kernel", "Second kernel"]

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const view = views.get(parentElement) ?? {}
  views.set(parentElement, view)
  view.find = (id) => parentElement.querySelector("#" + id)
  const given = data.round + data.picture
  if (view.given !== given) begin(view, data, given)
  view.data = data
  view.send = () => setStateValue("kernels", view.kernels.map((numbers) => [0, 3, 6].map((from) => numbers.slice(from, from + 3))))
  view.since = performance.now() - 1000 * data.elapsed
  clearInterval(view.timer)
  tick(view)
  if (data.running) view.timer = setInterval(() => tick(view), 1000)
  draw(view)
  return () => {
    clearInterval(view.timer)
    clearTimeout(view.spoken)
  }
}

function begin(view, data, given) {
  Object.assign(view, {
    given, data, told: false, kernels: data.kernels.map((kernel) => kernel.flat()),
    picture: { values: unpacked(data.picture), width: data.width, height: data.height },
  })
  view.target = { values: unpacked(data.target), width: 0, height: 0 }
  const first = chain(view.picture, data.begin.map((kernel) => kernel.flat()))
  Object.assign(view.target, { width: first.width, height: first.height })
  view.before = difference(first, view.target)
  view.negative = view.target.values.some((value) => value < -1e-6)
  view.limit = view.target.values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9)
  paint(view.find("target"), view.target, (value) => shade(view, value))
  const kernels = view.find("kernels")
  kernels.replaceChildren()
  view.kernels.forEach((numbers, which) => {
    const part = add(kernels, "section"), name = view.kernels.length > 1 ? NAMES[which] : "Kernel"
    add(part, "p", "name", name)
    const grid = add(part, "div", "grid")
    numbers.forEach((weight, place) => {
      const field = add(grid, "input")
      Object.assign(field, { type: "text", inputMode: "text", autocomplete: "off", value: text(weight) })
      field.setAttribute("aria-label", `${name}, row ${Math.floor(place / 3) + 1}, column ${(place % 3) + 1}`)
      field.onfocus = () => field.select()
      field.oninput = () => edit(view, which, place, field.value)
      field.onchange = () => leave(view, which, place, field)
      field.onkeydown = (event) => {
        const to = { ArrowUp: place - 3, ArrowDown: place + 3 }[event.key]
        if (to === undefined) return
        event.preventDefault()
        grid.children[to]?.focus()
      }
    })
  })
}

const unpacked = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer)

// The weight that a text stands for, as it is used; null where it stands for none that is taken.
function weight(view, typed) {
  const plain = typed.trim().replace("−", "-").replace(",", ".")
  const value = NUMBER.test(plain) ? Number(plain) : NaN
  const scale = 10 ** view.data.digits
  return Math.abs(value) <= view.data.largest ? Math.round(value * scale) / scale : null
}

function edit(view, which, place, typed) {
  const value = weight(view, typed)
  if (value === null) return // still being typed
  view.kernels[which][place] = value
  draw(view)
}

function leave(view, which, place, field) {
  const kept = text(view.kernels[which][place])
  view.find("said").textContent = weight(view, field.value) === null
    ? `“${field.value.trim().slice(0, 20)}” is no weight between −${view.data.largest} and ${view.data.largest}; ${kept} stays.` : ""
  field.value = kept
  draw(view)
  view.send()
}

function draw(view) {
  const made = chain(view.picture, view.kernels)
  const score = Math.max(0, 100 * (1 - difference(made, view.target) / view.before))
  const solved = score >= view.data.solved
  paint(view.find("made"), made, (value) => shade(view, value))
  paint(view.find("off"), made, (value, place) => signed((value - view.target.values[place]) / view.limit))
  const shown = solved ? String(Math.round(score)) : (Math.floor(10 * score) / 10).toFixed(1)
  view.find("score").textContent = shown
  const bar = view.find("bar")
  bar.style.width = `${score}%`
  bar.classList.toggle("solved", solved)
  ;[...view.find("kernels").querySelectorAll("input")].forEach((field, index) => {
    const value = view.kernels[Math.floor(index / 9)][index % 9]
    const share = value ? 0.18 + 0.4 * Math.min(1, Math.abs(value) / 4) : 0
    field.style.background = value ? `rgba(${value < 0 ? "72,140,205" : "232,130,50"},${share})` : ""
  })
  clearTimeout(view.spoken)
  view.spoken = setTimeout(() => (view.find("spoken").textContent = `Score ${shown}`), SPOKEN_AFTER)
  if (solved && view.data.running && !view.told && view.send) {
    view.told = true
    view.send()
  }
}

function tick(view) {
  const seconds = view.data.running ? (performance.now() - view.since) / 1000 : view.data.elapsed
  const whole = Math.floor(seconds)
  view.find("clock").textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`
}

function chain(picture, kernels) {
  return kernels.reduce(({ values, width, height }, kernel) => {
    const wide = width - 2, high = height - 2, made = new Float32Array(wide * high)
    for (let row = 0; row < high; row++) {
      for (let column = 0; column < wide; column++) {
        let sum = 0
        for (let k = 0; k < 9; k++) sum += kernel[k] * values[(row + Math.floor(k / 3)) * width + column + (k % 3)]
        made[row * wide + column] = sum
      }
    }
    return { values: made, width: wide, height: high }
  }, picture)
}

function difference(one, other) {
  let sum = 0
  for (let place = 0; place < one.values.length; place++) sum += (one.values[place] - other.values[place]) ** 2
  return Math.sqrt(sum / one.values.length)
}

// One scale for target and own picture: a photo's where nothing is negative, else orange and blue.
function shade(view, value) {
  return view.negative ? signed(value / view.limit) : Array(3).fill(255 * value)
}

function paint(canvas, { values, width, height }, colour) {
  Object.assign(canvas, { width, height })
  const context = canvas.getContext("2d")
  const image = context.createImageData(width, height)
  values.forEach((value, place) => image.data.set([...colour(value, place), 255], 4 * place))
  context.putImageData(image, 0, 0)
}

function text(value) {
  return String(value).replace("-", "−")
}
