// The class's runs as a race: a line each over the epochs, and a list of who leads. Names are `textContent` only.
//
// Places in the list move; lines and rows keep their elements, so that nothing flickers on the wall.

const DRAWN = "http://www.w3.org/2000/svg"
const EDGE = { top: 16, right: 12, bottom: 52, left: 76 }
const [NEAR, DASH] = [4, 14] // pixels: between two lines that lie on one another, of a dash
const races = new WeakMap()

export default function ({ data, parentElement }) {
  let race = races.get(parentElement)
  if (!race) {
    const root = parentElement.querySelector(".race")
    race = { root, chart: document.createElementNS(DRAWN, "svg"), known: new Map(), data }
    race.chart.setAttribute("role", "img")
    root.append(race.chart)
    race.list = add(root, "ol", "ranks")
    race.list.setAttribute("aria-label", "Who leads")
    race.rest = add(root, "p", "rest")
    race.observer = new ResizeObserver(() => draw_lines(race))
    race.observer.observe(root)
    races.set(parentElement, race)
  }
  race.data = data
  race.colours = colours_of(parentElement)
  draw_lines(race)
  draw_ranks(race)
  return () => {
    race.observer.disconnect()
    races.delete(parentElement)
  }
}

function colours_of(parent) {
  const host = parent.host ?? parent
  const listed = getComputedStyle(host).getPropertyValue("--st-chart-categorical-colors").trim()
  return listed ? listed.split(/,(?![^(]*\))/).map((colour) => colour.trim()) : ["#0072b2", "#d55e00", "#007f5f", "#a8508a", "#a67400"]
}

function draw_ranks(race) {
  const { runs, ranked } = race.data
  const shown = runs.slice(0, ranked)
  const before = new Map([...race.known].map(([id, row]) => [id, row.root.offsetTop]))
  const kept = new Set(shown.map((run) => run.id))
  for (const [id, row] of race.known) {
    if (kept.has(id)) continue
    row.root.remove()
    race.known.delete(id)
  }
  shown.forEach((run, place) => {
    let row = race.known.get(run.id)
    if (!row) {
      const root = add(race.list, "li", "rank")
      row = { root, place: add(root, "span", "place"), who: add(root, "span", "who"), said: add(root, "span", "said"), accuracy: add(root, "span", "accuracy") }
      row.bar = add(add(root, "span", "track"), "span", "bar")
      race.known.set(run.id, row)
    }
    if (race.list.children[place] !== row.root) race.list.insertBefore(row.root, race.list.children[place] ?? null)
    row.place.textContent = `${place + 1}`
    row.who.textContent = run.who
    row.who.title = run.name
    row.accuracy.textContent = run.accuracy
    row.said.textContent = run.said
    row.bar.style.width = `${(100 * run.share).toFixed(1)}%`
    row.bar.style.background = race.colours[place % race.colours.length]
  })
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
    for (const [id, row] of race.known) {
      const moved = before.has(id) ? before.get(id) - row.root.offsetTop : 0
      if (moved) row.root.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], { duration: 500, easing: "ease-out" })
    }
  }
  const more = runs.length - shown.length
  race.rest.textContent = more > 0 ? `and ${more} more` : ""
}

function draw_lines(race) {
  const { runs, ranked } = race.data
  const wide = Math.max(280, race.chart.clientWidth || 600)
  const high = Math.max(260, Math.min(Math.round(wide * 0.62), Math.round(window.innerHeight * 0.58)))
  race.chart.setAttribute("viewBox", `0 0 ${wide} ${high}`)
  race.chart.setAttribute("height", high)
  const points = runs.flatMap((run) => run.line)
  const epochs = Math.max(1, ...points.map(([epoch]) => epoch))
  const low = points.length ? Math.max(0, Math.floor(Math.min(...points.map(([, share]) => share)) * 10 - 0.2) / 10) : 0
  const x = (epoch) => EDGE.left + (epochs > 1 ? (epoch - 1) / (epochs - 1) : 0.5) * (wide - EDGE.left - EDGE.right)
  const y = (share) => EDGE.top + (1 - (share - low) / (1 - low)) * (high - EDGE.top - EDGE.bottom)
  const leads = runs.find((run) => run.accuracy)
  race.chart.setAttribute("aria-label", leads ? `${leads.who} leads ${runs.length === 1 ? "the one run" : `${runs.length} runs`} with ${leads.accuracy}.` : `${runs.length} runs; no epoch is over yet.`)
  race.chart.replaceChildren()
  const step = (1 - low) / 0.1 > 6 ? 0.2 : 0.1
  for (let share = 1; share >= low - 1e-9; share -= step) {
    shape(race.chart, "line", { class: "grid", x1: EDGE.left, x2: wide - EDGE.right, y1: y(share), y2: y(share) })
    shape(race.chart, "text", { x: EDGE.left - 10, y: y(share) + 6, "text-anchor": "end" }, `${Math.round(share * 100)} %`)
  }
  const each = Math.max(1, Math.ceil(epochs / 10))
  for (let epoch = 1; epoch <= epochs; epoch += each) {
    shape(race.chart, "text", { x: x(epoch), y: high - EDGE.bottom + 24, "text-anchor": "middle" }, `${epoch}`)
  }
  shape(race.chart, "text", { x: (EDGE.left + wide - EDGE.right) / 2, y: high - 6, "text-anchor": "middle" }, "epoch")
  if (!points.length) shape(race.chart, "text", { x: wide / 2, y: high / 2, "text-anchor": "middle" }, "No epoch is over yet.")
  const lines = runs.map((run, place) => ({
    drawn: run.line.map(([epoch, share]) => [x(epoch), y(share)]),
    colour: place < ranked ? race.colours[place % race.colours.length] : "currentColor",
    kind: place < 3 ? "line first" : "line",
    r: place < 3 ? 7 : 4,
  }))
  const moved = lines.filter((line) => line.drawn.length > 1)
  for (const line of moved.toReversed()) trace(race.chart, line)
  for (const alike of together(moved.slice(0, ranked))) {
    if (alike.length > 1) alike.forEach((line, turn) => trace(race.chart, line, dashes(turn, alike.length)))
  }
  const ends = lines.filter((line) => line.drawn.length).map((line) => ({ ...line, drawn: line.drawn.slice(-1) }))
  for (const alike of together(ends).toReversed()) {
    const beside = alike.map(({ drawn: [[cx, cy]], r, colour }, turn) => ({ cx: cx - 1.6 * r * turn, cy, r, fill: colour }))
    for (const dot of beside.toReversed()) shape(race.chart, "circle", dot)
  }
}

// Lines that lie on one another, as far as both have come; each hides none of the others if it is drawn in turns.
function together(lines) {
  const groups = []
  for (const line of lines) {
    const group = groups.find(([first]) => lie_together(first.drawn, line.drawn))
    if (group) group.push(line)
    else groups.push([line])
  }
  return groups
}

function lie_together(one, other) {
  const shared = Math.min(one.length, other.length)
  return one.slice(0, shared).every(([x, y], place) => Math.hypot(x - other[place][0], y - other[place][1]) < NEAR)
}

function dashes(turn, count) {
  return { "stroke-dasharray": `${DASH} ${DASH * (count - 1)}`, "stroke-dashoffset": -DASH * turn }
}

function trace(chart, line, more = {}) {
  const points = line.drawn.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")
  shape(chart, "polyline", { class: line.kind, stroke: line.colour, points, ...more })
}

function shape(parent, tag, attributes, text) {
  const element = document.createElementNS(DRAWN, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  if (text !== undefined) element.textContent = text
  parent.append(element)
}
