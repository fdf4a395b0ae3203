// The probability of one class over a swept value, for one network or two, and a slider along it: the picture and what
// the networks say follow while it is dragged. Python is told when it rests. Names are written with `textContent` only.

const views = new WeakMap()
const REST = 300 // milliseconds without another move before Python is told
const SVG = "http://www.w3.org/2000/svg"
const BOX = { height: 200, left: 46, right: 8, top: 8, bottom: 22 }

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const view = views.get(parentElement) ?? { timer: null, of: null, sheet: new Image() }
  views.set(parentElement, view)
  view.find = (id) => parentElement.querySelector("#" + id)
  if (view.of !== data.of || (view.timer === null && view.given !== data.place)) view.place = data.place
  ;[view.data, view.of, view.given] = [data, data.of, data.place]
  view.colours = palette(parentElement)
  if (view.sheet.src !== data.sheet) {
    view.sheet.onload = () => show(view)
    view.sheet.src = data.sheet
  }
  const slider = view.find("slider")
  slider.max = data.values.length - 1
  view.find("name").textContent = data.title
  const move = (place) => {
    view.place = place
    show(view)
    clearTimeout(view.timer)
    view.timer = setTimeout(() => {
      view.timer = null
      view.find("spoken").textContent = words(view).join(" ")
      setTriggerValue("place", view.place)
    }, REST)
  }
  slider.oninput = () => move(Number(slider.value))
  view.find("back").onclick = () => move(data.rest)
  view.find("chart").onpointerdown = (event) => {
    const box = view.find("chart").getBoundingClientRect()
    const share = (event.clientX - box.left - BOX.left) / (view.width - BOX.left - BOX.right)
    const place = Math.round(share * (data.values.length - 1))
    move(Math.max(0, Math.min(data.values.length - 1, place)))
  }
  view.observer?.disconnect()
  view.observer = new ResizeObserver(() => {
    if (view.width === view.find("chart").clientWidth) return
    chart(view)
    show(view)
  })
  view.observer.observe(view.find("chart"))
  chart(view)
  show(view)
  return () => {
    view.observer.disconnect()
    clearTimeout(view.timer)
  }
}

function palette(element) {
  const host = element.getRootNode().host ?? element
  const listed = getComputedStyle(host).getPropertyValue("--st-chart-categorical-colors").trim()
  return listed ? listed.split(/,(?![^(]*\))/).map((colour) => colour.trim()) : ["#0072b2", "#d55e00"]
}

// What each network says at the place that is shown.
function words({ data, place }) {
  return data.networks.map((one) => {
    const other = one.answers[place] === data.label ? "" : `; ${data.label}: ${percent(one.probabilities[place], 1)}`
    return `${data.values[place]}: ${one.name} says ${one.answers[place]} (${one.sure[place]})${other}.`
  })
}

function show(view) {
  const { data, place } = view
  const slider = view.find("slider")
  slider.value = place
  fillTrack(slider)
  slider.setAttribute("aria-valuetext", words(view).join(" "))
  view.find("value").textContent = data.values[place] + (place === data.rest ? ", as it was" : "")
  picture(view)
  const said = view.find("said")
  said.replaceChildren()
  data.networks.forEach((one, index) => {
    const line = add(said, "p", one.answers[place] === one.answers[data.rest] ? "" : "other")
    line.style.borderColor = view.colours[index]
    add(line, "b", "", one.name)
    line.append(`says ${one.answers[place]} (${one.sure[place]})`)
    if (one.answers[place] !== data.label) line.append(`; ${data.label}: ${percent(one.probabilities[place], 1)}`)
  })
  if (view.cursor) {
    const x = across(view, place)
    view.cursor.setAttribute("x1", x)
    view.cursor.setAttribute("x2", x)
    view.dots.forEach((dot, index) => {
      dot.setAttribute("cx", x)
      dot.setAttribute("cy", up(data.networks[index].probabilities[place]))
    })
  }
}

function picture(view) {
  const { data, place, sheet } = view
  const canvas = view.find("picture")
  canvas.setAttribute("aria-label", `The picture at ${data.values[place]}`)
  if (!sheet.naturalWidth) return
  const side = sheet.naturalWidth / data.columns
  if (canvas.width !== side) canvas.width = canvas.height = side
  const from = [(place % data.columns) * side, Math.floor(place / data.columns) * side]
  canvas.getContext("2d").drawImage(sheet, ...from, side, side, 0, 0, side, side)
}

function across(view, place) {
  return BOX.left + (place / (view.data.values.length - 1)) * (view.width - BOX.left - BOX.right)
}

function up(value) {
  return BOX.top + (1 - value) * (BOX.height - BOX.top - BOX.bottom)
}

function chart(view) {
  const { data } = view
  const root = view.find("chart")
  root.replaceChildren()
  root.setAttribute("aria-label", summary(data))
  view.width = root.clientWidth || 600
  const svg = draw(root, "svg", { width: view.width, height: BOX.height, "aria-hidden": "true" })
  for (const value of [0, 0.5, 1]) {
    draw(svg, "line", { x1: BOX.left, x2: view.width - BOX.right, y1: up(value), y2: up(value), stroke: "currentColor", "stroke-opacity": 0.2 })
    draw(svg, "text", { x: BOX.left - 6, y: up(value) + 4, "text-anchor": "end" }, `${value * 100} %`)
  }
  const last = data.values.length - 1
  for (const [place, anchor] of [[0, "start"], [data.rest, "middle"], [last, "end"]]) {
    if (anchor === "middle" && (place < last * 0.15 || place > last * 0.85)) continue
    draw(svg, "text", { x: across(view, place), y: BOX.height - 6, "text-anchor": anchor }, data.values[place])
  }
  data.networks.forEach((one, index) => {
    const colour = view.colours[index]
    for (const place of one.breaks) {
      const x = across(view, place)
      draw(svg, "line", { x1: x, x2: x, y1: BOX.top, y2: BOX.height - BOX.bottom, stroke: colour, "stroke-dasharray": "4 4" })
    }
    const points = one.probabilities.map((value, place) => `${across(view, place).toFixed(1)},${up(value).toFixed(1)}`)
    draw(svg, "polyline", { points: points.join(" "), fill: "none", stroke: colour, "stroke-width": 2.5, "stroke-dasharray": index ? "9 3" : "none" })
  })
  view.cursor = draw(svg, "line", { y1: BOX.top, y2: BOX.height - BOX.bottom, stroke: "currentColor", "stroke-width": 1.5 })
  view.dots = data.networks.map((one, index) => draw(svg, "circle", { r: 5, fill: view.colours[index], stroke: "currentColor" }))
}

function summary(data) {
  const ends = data.networks.map((one) => {
    const at = (place) => `${percent(one.probabilities[place], 1)} at ${data.values[place]}`
    const breaks = one.breaks.map((place) => data.values[place]).join(" and ")
    return `${one.name}: ${[0, data.rest, data.values.length - 1].map(at).join(", ")}; its answer changes ${breaks ? `at ${breaks}` : "nowhere"}.`
  })
  return `Probability of ${data.label} over ${data.title.toLowerCase()}. ${ends.join(" ")}`
}

function draw(parent, tag, attributes, text) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  if (text !== undefined) element.textContent = text
  parent.append(element)
  return element
}
