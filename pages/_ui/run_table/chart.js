// What accuracy costs: every run as a point, its test accuracy over its training time or its parameters.
//
// Stairs join the runs of a data set that no other run of it beats for less. A point is chosen by a click, or found by
// the arrow keys and chosen by Enter.

const DRAWN = "http://www.w3.org/2000/svg"
const EDGE = { top: 14, right: 16, bottom: 40, left: 54 }
const CHART = 380 // pixels high
const NEAR = 26 // pixels between the pointer and the point that it means
const APART = 64 // pixels between two numbers of the axis of costs, at least
const ROUND = {
  seconds: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000, 86400],
  parameters: Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat(),
}
const MARKS = [
  "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0Z",
  "M-4-4H4V4H-4Z",
  "M0-5.2L5 4H-5Z",
  "M0-5.6L5.2 0L0 5.6L-5.2 0Z",
  "M-5-1.8H-1.8V-5H1.8V-1.8H5V1.8H1.8V5H-1.8V1.8H-5Z",
  "M0 5.2L5-4H-5Z",
]

function new_chart(parent, axis, set_axis, choose) {
  const chart = { root: add(parent, "div", "costs"), points: [], at: null, axis, choose }
  const bar = add(chart.root, "div", "axes")
  chart.axes = [["seconds", "by training time"], ["parameters", "by parameters"]].map(([name, label]) => {
    const button = add(bar, "button", "", label)
    button.onclick = () => set_axis(name)
    return [name, button]
  })
  chart.legend = add(chart.root, "div", "legend")
  const frame = add(chart.root, "div", "frame")
  chart.svg = document.createElementNS(DRAWN, "svg")
  chart.svg.setAttribute("role", "application")
  chart.svg.setAttribute("aria-roledescription", "chart of runs, read by the arrow keys")
  chart.svg.setAttribute("tabindex", "0")
  frame.append(chart.svg)
  chart.tip = add(frame, "div", "tip")
  chart.tip.hidden = true
  chart.spoken = add(frame, "div", "spoken")
  chart.spoken.setAttribute("aria-live", "polite")
  add(chart.root, "div", "count", "Stairs: no other run of the data set is more often right for less. A frozen backbone's own training is not counted.")
  chart.draw = (rows) => draw_chart(chart, rows)
  listen_to(chart, frame)
  return chart
}

function mark(parent, tag, attributes, text) {
  const element = document.createElementNS(DRAWN, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  if (text !== undefined) element.textContent = text
  parent.append(element)
  return element
}

function paints(chart) {
  const host = chart.root.getRootNode().host ?? chart.root
  const listed = getComputedStyle(host).getPropertyValue("--st-chart-categorical-colors").trim()
  return listed ? listed.split(/,(?![^(]*\))/).map((colour) => colour.trim()) : ["#0072b2", "#d55e00", "#007f5f", "#a8508a"]
}

function draw_chart(chart, rows) {
  const axis = chart.axis()
  for (const [name, button] of chart.axes) button.setAttribute("aria-pressed", name === axis)
  const cost = (row) => Math.max(row[axis], axis === "seconds" ? 0.1 : 1)
  const found = rows.filter((row) => row.accuracy !== null && row[axis] !== null)
  const sets = [...new Set(found.map((row) => row.data))].sort()
  const colours = paints(chart)
  const look = (row) => ({ fill: colours[sets.indexOf(row.data) % colours.length], d: MARKS[sets.indexOf(row.data) % MARKS.length] })
  const width = Math.max(280, chart.root.clientWidth || 600)
  chart.svg.setAttribute("viewBox", `0 0 ${width} ${CHART}`)
  chart.svg.setAttribute("height", CHART)
  const honest = found.filter((row) => !row.broken) // what was made to fail is never the best
  const best = honest.reduce((a, b) => (a && a.accuracy >= b.accuracy ? a : b), null)
  const said = best ? `The best has ${share(best.accuracy)}: ${best.name}.` : "None has a test accuracy yet."
  chart.svg.setAttribute("aria-label", `${found.length} runs by test accuracy and ${axis === "seconds" ? "training time" : "parameters"}. ${said}`)
  chart.svg.replaceChildren()
  chart.legend.replaceChildren()
  for (const name of sets) {
    const item = add(chart.legend, "span", "item")
    const sign = mark(item, "svg", { viewBox: "-7 -7 14 14", width: 14, height: 14, "aria-hidden": "true" })
    mark(sign, "path", look({ data: name }))
    add(item, "span", "", name)
  }
  if (!found.length) {
    mark(chart.svg, "text", { x: width / 2, y: CHART / 2, "text-anchor": "middle" }, "No run here has a test accuracy yet.")
    chart.points = []
    return point_at(chart, null)
  }
  const inner = { w: width - EDGE.left - EDGE.right, h: CHART - EDGE.top - EDGE.bottom }
  const costs = found.map(cost)
  const [low, high] = ends(ROUND[axis], Math.min(...costs), Math.max(...costs)).map(Math.log10)
  const bottom = Math.max(0, Math.floor(Math.min(...found.map((row) => row.accuracy)) * 20 - 0.2) / 20)
  const to_x = (value) => EDGE.left + ((Math.log10(value) - low) / (high - low)) * inner.w
  const to_y = (value) => EDGE.top + (1 - (value - bottom) / (1.005 - bottom)) * inner.h
  draw_frame(chart, { width, inner, low, high, bottom, to_x, to_y, axis })
  for (const name of sets) {
    mark(chart.svg, "path", { class: "stairs", d: stairs(honest.filter((row) => row.data === name), cost, to_x, to_y, width - EDGE.right), stroke: look({ data: name }).fill })
  }
  chart.points = found.map((row) => ({ row, x: to_x(cost(row)), y: to_y(row.accuracy) })).sort((a, b) => a.x - b.x || a.y - b.y)
  for (const { row, x, y } of chart.points) mark(chart.svg, "path", { class: "point", ...look(row), transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` })
  chart.ring = mark(chart.svg, "circle", { class: "ring", r: 9, visibility: "hidden" })
  chart.bar = mark(chart.svg, "line", { class: "ring", visibility: "hidden" })
  chart.to_y = to_y
  point_at(chart, chart.points.find((point) => point.row.reference === chart.at?.row.reference) ?? null)
}

// The round numbers around all costs, a little further on either side; never one alone.
function ends(round, least, most) {
  const below = round.findLast((one) => one <= least) ?? least
  const above = round.find((one) => one >= most && one > below) ?? most
  return [below / 1.2, above * 1.2]
}

function stairs(rows, cost, to_x, to_y, end) {
  let best = -1
  let path = ""
  for (const row of rows.toSorted((a, b) => cost(a) - cost(b) || b.accuracy - a.accuracy)) {
    if (row.accuracy <= best) continue
    best = row.accuracy
    path += path ? `H${to_x(cost(row)).toFixed(1)}V${to_y(best).toFixed(1)}` : `M${to_x(cost(row)).toFixed(1)} ${to_y(best).toFixed(1)}`
  }
  return path && `${path}H${end}`
}

function draw_frame(chart, { width, inner, low, high, bottom, to_x, to_y, axis }) {
  const grid = mark(chart.svg, "g", { class: "lines" })
  const step = [0.01, 0.02, 0.05, 0.1, 0.2].find((one) => (1 - bottom) / one <= 8)
  for (let value = 1; value >= bottom - 1e-9; value -= step) {
    mark(grid, "line", { x1: EDGE.left, x2: width - EDGE.right, y1: to_y(value), y2: to_y(value) })
    mark(grid, "text", { x: EDGE.left - 8, y: to_y(value) + 4, "text-anchor": "end" }, `${Math.round(value * 100)} %`)
  }
  const ticks = []
  for (const one of ROUND[axis].filter((one) => Math.log10(one) >= low && Math.log10(one) <= high)) {
    if (!ticks.length || to_x(one) - to_x(ticks.at(-1)) >= APART) ticks.push(one)
  }
  for (const value of ticks) {
    mark(grid, "line", { x1: to_x(value), x2: to_x(value), y1: EDGE.top + inner.h, y2: EDGE.top + inner.h + 4 })
    const words = axis === "seconds" ? (value < 1 ? `${value} s` : time_words(value).replace(" 0 min", "")) : value.toLocaleString("en-US", { notation: "compact" })
    mark(grid, "text", { x: to_x(value), y: EDGE.top + inner.h + 18, "text-anchor": "middle" }, words)
  }
  const name = axis === "seconds" ? "training time (logarithmic)" : "parameters (logarithmic)"
  mark(chart.svg, "text", { x: EDGE.left + inner.w / 2, y: CHART - 4, "text-anchor": "middle" }, name)
  mark(chart.svg, "text", { x: 0, y: 10 }, "test accuracy")
}

function point_at(chart, point) {
  chart.at = point
  chart.tip.hidden = point === null
  for (const sign of [chart.ring, chart.bar]) sign?.setAttribute("visibility", point ? "visible" : "hidden")
  if (point === null) return
  const { row, x, y } = point
  chart.ring.setAttribute("cx", x)
  chart.ring.setAttribute("cy", y)
  const [low, high] = row.interval.map(chart.to_y)
  for (const [name, value] of Object.entries({ x1: x, x2: x, y1: low, y2: high })) chart.bar.setAttribute(name, value)
  chart.tip.replaceChildren()
  for (const text of [row.name, `${accuracy_words(row)}, ${row.data}`, `${time_words(row.seconds)}, ${(row.parameters ?? 0).toLocaleString("en-GB")} parameters`, `${row.model}${row.owner ? `, ${row.owner}` : ""}`]) {
    add(chart.tip, "div", "", text)
  }
  const wide = chart.root.clientWidth
  chart.tip.style.left = x < wide / 2 ? `${x + 14}px` : ""
  chart.tip.style.right = x < wide / 2 ? "" : `${wide - x + 14}px`
  chart.tip.style.top = `${Math.max(0, Math.min(CHART - 130, y - 30))}px`
}

function listen_to(chart, frame) {
  const nearest = (event) => {
    const box = chart.svg.getBoundingClientRect()
    const [x, y] = [event.clientX - box.left, event.clientY - box.top]
    let found = null
    let away = NEAR
    for (const point of chart.points) {
      const far = Math.hypot(point.x - x, point.y - y)
      if (far < away) [found, away] = [point, far]
    }
    return found
  }
  chart.svg.onpointermove = (event) => {
    point_at(chart, nearest(event))
    chart.svg.style.cursor = chart.at ? "pointer" : "default"
  }
  chart.svg.onpointerleave = () => point_at(chart, null)
  chart.svg.onclick = (event) => {
    const point = nearest(event)
    if (point) chart.choose(point.row)
  }
  chart.svg.onblur = () => point_at(chart, null)
  chart.svg.onkeydown = (event) => {
    const at = chart.points.indexOf(chart.at)
    const to = { ArrowRight: at + 1, ArrowLeft: at < 0 ? 0 : at - 1, Home: 0, End: chart.points.length - 1 }[event.key]
    if (to !== undefined && chart.points.length) {
      point_at(chart, chart.points[Math.max(0, Math.min(chart.points.length - 1, to))])
      chart.spoken.textContent = [...chart.tip.children].map((line) => line.textContent).join("; ")
    } else if (event.key === "Enter" && chart.at) chart.choose(chart.at.row)
    else return
    event.preventDefault()
  }
}
