// A line chart that keeps its zoom, its hidden series and its crosshair while new points arrive.
//
// Streamlit calls the default export again for every change of the data or the theme, with the same
// `parentElement`; what the reader did (zoom, hidden series, log scale) lives beside that element.
// Names of runs arrive in `data` and are written with `textContent` only.

const views = new WeakMap()
const SVG = "http://www.w3.org/2000/svg"
const MARGIN = { top: 10, right: 12, bottom: 38, left: 52 }

export default function (component) {
  const { data, parentElement } = component
  let view = views.get(parentElement)
  if (!view) {
    view = build(parentElement.querySelector(".chart"))
    views.set(parentElement, view)
  }
  view.data = data
  view.draw()
  return () => {
    view.observer.disconnect()
    views.delete(parentElement)
  }
}

function build(root) {
  const view = { root, zoom: null, hidden: new Set(), cursor: null, log: false, drag: null, data: null }
  view.bar = add(root, "div", "bar")
  view.legend = add(root, "div", "legend")
  view.frame = add(root, "div", "frame")
  view.svg = document.createElementNS(SVG, "svg")
  view.svg.setAttribute("tabindex", "0")
  view.svg.setAttribute("role", "application")
  view.svg.setAttribute("aria-roledescription", "line chart, read by the arrow keys")
  view.frame.append(view.svg)
  view.tip = add(view.frame, "div", "tip")
  view.tip.hidden = true
  view.spoken = add(view.frame, "div", "spoken")
  view.spoken.setAttribute("aria-live", "polite")
  view.draw = () => draw(view)
  view.observer = new ResizeObserver(view.draw)
  view.observer.observe(view.frame)
  listen(view)
  return view
}

function shape(parent, tag, attributes, text) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  if (text !== undefined) element.textContent = text
  parent.append(element)
  return element
}

// ---- scales ----------------------------------------------------------------------------------

function shown(view) {
  return view.data.series.filter((series) => !view.hidden.has(series.name))
}

function window_x(view) {
  if (view.zoom) return view.zoom
  const ends = view.data.series.flatMap((series) => (series.x.length ? [series.x[0], series.x[series.x.length - 1]] : []))
  let low = view.data.x_from ?? Math.min(...ends)
  let high = Math.max(...ends, low)
  if (!ends.length) [low, high] = [view.data.x_from ?? 0, view.data.x_total ?? 1]
  const total = view.data.x_total
  if (total) {
    // The axis doubles towards the planned end instead of creeping with every new point.
    let part = total / 16
    while (part < high && part < total) part *= 2
    high = Math.max(high, Math.min(part, total))
  }
  if (high <= low) high = low + 1
  return [low, high]
}

function window_y(view, x) {
  if (view.data.y_range && !view.zoom) return view.data.y_range
  const values = []
  const trusted = []
  for (const series of shown(view)) {
    for (let i = 0; i < series.x.length; i++) {
      const value = series.y[i]
      if (value === null || series.x[i] < x[0] || series.x[i] > x[1] || (view.log && value <= 0)) continue
      values.push(value)
      if (!series.thin) trusted.push(value)
    }
  }
  if (!values.length) return view.data.y_range ?? [view.log ? 0.1 : 0, 1]
  values.sort((a, b) => a - b)
  // A few wild raw steps must not flatten the rest: the top is where 99 in 100 fit.
  let high = Math.max(values[Math.floor((values.length - 1) * 0.99)], ...trusted.slice(-2000))
  let low = view.log ? values[0] : Math.min(values[Math.floor((values.length - 1) * 0.01)], ...trusted.slice(-2000))
  if (high <= low) [low, high] = [low - (Math.abs(low) / 2 || 0.5), high + (Math.abs(high) / 2 || 0.5)] // all alike: in the middle
  if (view.log) return [low / 1.15, high * 1.15]
  const room = (high - low) * 0.06
  return [low >= 0 && low < (high - low) * 0.5 ? 0 : low - room, high + room]
}

function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough
  const found = []
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) found.push(round(value, step))
  return found
}

function log_ticks(low, high) {
  const found = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of [1, 2, 5]) {
      const value = factor * 10 ** power
      if (value >= low && value <= high) found.push(value)
    }
  }
  return found.length ? found : [low, high]
}

function round(value, step) {
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(step) || 1)))
  return Number(value.toFixed(Math.min(12, places)))
}

function written(value, kind, precise) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "none"
  const short = (number) => Number(number.toPrecision(6)) // of a place on an axis: what tells it from the next one
  if (kind === "percent") return precise ? percent(value, 2) : `${short(value * 100)} %`
  if (kind === "whole") return Math.round(value).toLocaleString("en-GB")
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return precise ? value.toExponential(2) : short(value).toExponential()
  return precise ? Number(value.toPrecision(4)).toString() : short(value).toString()
}

// ---- drawing ---------------------------------------------------------------------------------

function palette(view) {
  const host = view.root.getRootNode().host ?? view.root
  const listed = getComputedStyle(host).getPropertyValue("--st-chart-categorical-colors").trim()
  // rgb(1, 2, 3) holds commas too, so only those outside brackets part two colours.
  return listed ? listed.split(/,(?![^(]*\))/).map((colour) => colour.trim()) : ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]
}

function colour(view, series) {
  return series.colour === null || series.colour === undefined ? "currentColor" : view.colours[series.colour % view.colours.length]
}

function draw(view) {
  const { data, svg } = view
  if (!data) return
  view.colours = palette(view)
  const width = Math.max(220, view.frame.clientWidth || 600)
  const height = data.height ?? 280
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
  svg.setAttribute("height", height)
  svg.setAttribute("aria-label", data.alt)
  const x = window_x(view)
  const y = window_y(view, x)
  const inner = { w: width - MARGIN.left - MARGIN.right, h: height - MARGIN.top - MARGIN.bottom }
  const lift = view.log ? Math.log10 : (value) => value
  view.to_x = (value) => MARGIN.left + ((value - x[0]) / (x[1] - x[0])) * inner.w
  view.to_y = (value) => MARGIN.top + (1 - (lift(value) - lift(y[0])) / (lift(y[1]) - lift(y[0]))) * inner.h
  view.from_x = (pixel) => x[0] + ((pixel - MARGIN.left) / inner.w) * (x[1] - x[0])
  view.inner = inner
  view.window = x
  svg.replaceChildren()
  draw_axes(view, x, y, width, height)
  draw_series(view, inner)
  draw_cursor(view, height)
  draw_legend(view)
}

function draw_axes(view, x, y, width, height) {
  const { svg, data, inner } = view
  const grid = shape(svg, "g", { class: "grid" })
  for (const value of view.log ? log_ticks(...y) : ticks(y[0], y[1], Math.max(2, inner.h / 46))) {
    const at = view.to_y(value)
    shape(grid, "line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: at, y2: at })
    shape(grid, "text", { x: MARGIN.left - 8, y: at + 4, "text-anchor": "end" }, written(value, data.y_kind))
  }
  const whole = ticks(x[0], x[1], Math.max(2, inner.w / 80)).filter((value) => data.x_kind !== "whole" || Number.isInteger(value))
  for (const value of whole) {
    const at = view.to_x(value)
    shape(grid, "line", { x1: at, x2: at, y1: MARGIN.top + inner.h, y2: MARGIN.top + inner.h + 4 })
    shape(grid, "text", { x: at, y: MARGIN.top + inner.h + 17, "text-anchor": "middle" }, written(value, data.x_kind))
  }
  shape(svg, "text", { class: "name", x: MARGIN.left + inner.w / 2, y: height - 4, "text-anchor": "middle" }, data.x_label)
  for (const mark of data.marks ?? []) {
    if (mark.x < x[0] || mark.x > x[1]) continue
    const at = view.to_x(mark.x)
    const late = at > MARGIN.left + inner.w * 0.7
    shape(svg, "line", { class: "mark", x1: at, x2: at, y1: MARGIN.top, y2: MARGIN.top + inner.h })
    const words = { class: "name", x: at + (late ? -5 : 5), y: MARGIN.top + inner.h - 6, "text-anchor": late ? "end" : "start" }
    shape(svg, "text", words, mark.label)
  }
}

function draw_series(view, inner) {
  const clip = `clip-${(view.id ??= Math.random().toString(36).slice(2))}`
  const cut = shape(view.svg, "clipPath", { id: clip })
  shape(cut, "rect", { x: MARGIN.left - 4, y: MARGIN.top, width: inner.w + 8, height: inner.h })
  const layer = shape(view.svg, "g", { "clip-path": `url(#${clip})` })
  for (const series of shown(view)) {
    const paint = colour(view, series)
    const inside = series.x.filter((x) => x >= view.window[0] && x <= view.window[1]).length
    const dots = series.dots && inside * 9 < inner.w
    let path = ""
    let pen = "M"
    for (let i = 0; i < series.x.length; i++) {
      const value = series.y[i]
      if (value === null || (view.log && value <= 0)) { pen = "M"; continue }
      path += `${pen}${view.to_x(series.x[i]).toFixed(1)} ${view.to_y(value).toFixed(1)}`
      pen = "L"
      if (dots) {
        shape(layer, "circle", { cx: view.to_x(series.x[i]), cy: view.to_y(value), r: 3, fill: paint })
      }
    }
    const style = { d: path || "M0 0", fill: "none", stroke: paint, "stroke-width": series.thin ? 1 : 2.2 }
    if (series.thin) style["stroke-opacity"] = 0.35
    if (series.dash) style["stroke-dasharray"] = "6 4"
    shape(layer, "path", { ...style, "stroke-linejoin": "round" })
  }
}

function nearest(series, x) {
  let low = 0
  let high = series.x.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (series.x[middle] < x) low = middle
    else high = middle
  }
  return high < 0 ? -1 : Math.abs(series.x[low] - x) <= Math.abs(series.x[high] - x) ? low : high
}

function draw_cursor(view, height) {
  view.tip.hidden = view.cursor === null || !view.data.series.some((series) => series.x.length)
  if (view.drag) {
    const [from, to] = [Math.min(...view.drag), Math.max(...view.drag)]
    shape(view.svg, "rect", { class: "drag", x: from, y: MARGIN.top, width: to - from, height: view.inner.h })
  }
  if (view.tip.hidden) return
  const rows = shown(view).flatMap((series) => {
    const at = nearest(series, view.cursor)
    return at < 0 ? [] : [{ series, x: series.x[at], y: series.y[at] }]
  })
  if (!rows.length) { view.tip.hidden = true; return }
  // Series have points of their own; the line stands at the one closest to the pointer.
  const place = rows.reduce((a, b) => (Math.abs(b.x - view.cursor) < Math.abs(a.x - view.cursor) ? b : a)).x
  const at = view.to_x(place)
  if (at < MARGIN.left - 1 || at > MARGIN.left + view.inner.w + 1) { view.tip.hidden = true; return }
  shape(view.svg, "line", { class: "cursor", x1: at, x2: at, y1: MARGIN.top, y2: MARGIN.top + view.inner.h })
  view.tip.replaceChildren()
  add(view.tip, "div", "where", `${view.data.x_name} ${written(place, view.data.x_kind, true)}`)
  for (const row of rows) {
    const line = add(view.tip, "div", "row")
    add(line, "span", "swatch").style.background = colour(view, row.series)
    add(line, "span", "label", row.series.name)
    add(line, "b", "", written(row.y, view.data.y_kind, true))
    if (row.y !== null) shape(view.svg, "circle", { cx: view.to_x(row.x), cy: view.to_y(row.y), r: 3.5, fill: colour(view, row.series) })
  }
  if (view.speaks) view.spoken.textContent = spoken(view, place, rows)
  view.speaks = false
  const left = at > MARGIN.left + view.inner.w / 2
  view.tip.style.left = left ? "" : `${at + 12}px`
  view.tip.style.right = left ? `${view.frame.clientWidth - at + 12}px` : ""
}

// What a screen reader says when an arrow key has moved the line; new points of a running training say nothing.
function spoken(view, place, rows) {
  const values = rows.map((row) => `${row.series.name} ${written(row.y, view.data.y_kind, true)}`)
  return `${view.data.x_name} ${written(place, view.data.x_kind, true)}: ${values.join(", ")}`
}

function draw_legend(view) {
  const wanted = JSON.stringify([view.data.series.map((series) => [series.name, series.colour]), [...view.hidden], view.zoom, view.log,
    view.data.title, view.colours, view.data.may_log])
  if (wanted === view.drawn_legend) return
  view.drawn_legend = wanted
  const focused = view.root.getRootNode().activeElement?.dataset?.name
  view.legend.replaceChildren()
  view.bar.replaceChildren()
  if (view.data.title) add(view.bar, "span", "title", view.data.title)
  for (const series of view.data.series) {
    const button = press(view, view.legend, series.name, !view.hidden.has(series.name), () => {
      view.hidden.has(series.name) ? view.hidden.delete(series.name) : view.hidden.add(series.name)
    })
    const swatch = document.createElement("span")
    swatch.className = series.thin ? "swatch thin" : "swatch"
    swatch.style.background = colour(view, series)
    button.prepend(swatch)
    button.title = "Show or hide this line"
  }
  add(view.bar, "span", "gap")
  if (view.data.may_log) press(view, view.bar, "log", view.log, () => { view.log = !view.log }, "tool").title = "Logarithmic axis"
  press(view, view.bar, "+", null, () => scale(view, 0.5), "tool").title = "Zoom in (drag over the chart, or press +)"
  press(view, view.bar, "−", null, () => scale(view, 2), "tool").title = "Zoom out (press -)"
  const reset = press(view, view.bar, "reset", null, () => { view.zoom = null }, "tool")
  reset.title = "Show everything (double click, or press 0)"
  reset.disabled = view.zoom === null
  if (focused) [...view.root.querySelectorAll("button")].find((button) => button.dataset.name === focused)?.focus()
}

function press(view, parent, name, pressed, act, kind = "") {
  const button = add(parent, "button", kind)
  button.type = "button"
  button.dataset.name = name
  add(button, "span", "", name)
  if (pressed !== null) button.setAttribute("aria-pressed", pressed)
  const spoken = { "+": "+ zoom in", "−": "− zoom out", log: "log: logarithmic axis", reset: "reset: show everything" }[name]
  if (spoken) button.setAttribute("aria-label", spoken)
  button.onclick = () => { act(); view.draw() }
  return button
}

// ---- what the reader does --------------------------------------------------------------------

function scale(view, factor) {
  view.zoom = null
  const all = window_x(view)
  const now = view.window
  const middle = view.cursor !== null && view.cursor >= now[0] && view.cursor <= now[1] ? view.cursor : (now[0] + now[1]) / 2
  const half = ((now[1] - now[0]) * factor) / 2
  zoom_to(view, middle - half, middle + half, all)
}

function zoom_to(view, low, high, all) {
  const span = Math.min(high - low, all[1] - all[0])
  const from = Math.max(all[0], Math.min(low, all[1] - span))
  view.zoom = span >= (all[1] - all[0]) * 0.999 || span <= 0 ? null : [from, from + span]
}

function listen(view) {
  const at = (event) => {
    const box = view.svg.getBoundingClientRect()
    const pixel = event.clientX - box.left
    return Math.max(MARGIN.left, Math.min(box.width - MARGIN.right, pixel))
  }
  view.svg.onpointerdown = (event) => {
    view.svg.classList.add("by-pointer")
    if (event.pointerType === "mouse" && event.button === 0 && view.data.series.some((series) => series.x.length)) {
      view.drag = [at(event), at(event)]
      view.svg.setPointerCapture(event.pointerId)
    }
  }
  view.svg.onpointermove = (event) => {
    if (!view.from_x) return
    view.cursor = view.from_x(at(event))
    if (view.drag) view.drag[1] = at(event)
    view.draw()
  }
  view.svg.onpointerup = () => {
    const drag = view.drag
    view.drag = null
    if (drag && Math.abs(drag[1] - drag[0]) > 8) {
      const picked = [view.from_x(Math.min(...drag)), view.from_x(Math.max(...drag))]
      view.zoom = null
      zoom_to(view, picked[0], picked[1], window_x(view))
    }
    view.draw()
  }
  view.svg.onpointercancel = () => { view.drag = null; view.draw() }
  view.svg.onpointerleave = () => { if (!view.drag) { view.cursor = null; view.draw() } }
  view.svg.onblur = () => { view.cursor = null; view.draw() }
  view.svg.ondblclick = () => { view.zoom = null; view.draw() }
  view.svg.onkeydown = (event) => {
    view.svg.classList.remove("by-pointer")
    const points = shown(view).flatMap((series) => series.x).filter((x) => x >= view.window[0] && x <= view.window[1])
    const places = [...new Set(points)].sort((a, b) => a - b)
    if (event.key === "+" || event.key === "=") scale(view, 0.5)
    else if (event.key === "-") scale(view, 2)
    else if (event.key === "0" || event.key === "Escape") { view.zoom = null; view.cursor = null }
    else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && places.length) {
      const now = view.cursor ?? (event.key === "ArrowLeft" ? Infinity : -Infinity)
      const next = event.key === "ArrowLeft" ? places.findLast((x) => x < now) : places.find((x) => x > now)
      view.cursor = next ?? view.cursor ?? places[0]
      view.speaks = true
    } else return
    event.preventDefault()
    view.draw()
  }
}
