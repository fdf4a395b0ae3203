// The moving window: hover, arrow keys, scrubbing and playing without asking the server.
// Everything is computed from the numbers in `data`, of a convolution or of pooling; positions count output places in
// reading order.

const views = new WeakMap()
const CANVAS = 460
const CHANNELS = { 1: ["Pixels × weights"], 3: ["Red × weights", "Green × weights", "Blue × weights"] }
const EXACT = 6 // digits after the point of a product: pixels have two here, weights four
const SHOWN = 4 // digits after the point of what comes out
const SPOKEN_AFTER = 400 // milliseconds of rest before a screen reader is told the new place

export default function (component) {
  const { data, parentElement } = component
  const view = views.get(parentElement) ?? { row: 0, column: 0, timer: null, spoken: null, playing: false }
  views.set(parentElement, view)
  view.data = data
  view.find = (id) => parentElement.querySelector("#" + id)
  view.row = Math.min(view.row, data.output_height - 1)
  view.column = Math.min(view.column, data.output_width - 1)
  view.pictures = prepare(view)
  connect(view)
  draw(view)
  return () => {
    clearInterval(view.timer)
    clearTimeout(view.spoken)
  }
}

function connect(view) {
  const { data } = view
  const input = view.find("input"), output = view.find("output"), scrub = view.find("scrub")
  scrub.max = data.output_height * data.output_width - 1
  view.find("in-title").textContent =
    `Input: ${data.height}×${data.width} (rows × columns)` +
    (data.padding ? `, with ${data.padding} px of zeros around it` : "")
  view.find("out-title").textContent = `Output: ${data.output_height}×${data.output_width} (rows × columns)`
  const onInput = (event) => {
    const [x, y] = place(input, event, data.width + 2 * data.padding, data.height + 2 * data.padding)
    const [down, across] = span(data)
    move(view, Math.round((y - down / 2) / data.stride), Math.round((x - across / 2) / data.stride))
  }
  const onOutput = (event) => {
    const [x, y] = place(output, event, data.output_width, data.output_height)
    move(view, Math.floor(y), Math.floor(x))
  }
  input.onpointermove = input.onpointerdown = onInput
  output.onpointermove = output.onpointerdown = onOutput
  input.onkeydown = output.onkeydown = (event) => onKey(view, event)
  scrub.oninput = () => move(view, Math.floor(scrub.value / data.output_width), scrub.value % data.output_width)
  view.find("play").onclick = () => play(view, !view.playing)
  view.find("speed").onchange = () => play(view, view.playing)
}

function onKey(view, event) {
  const { data, row, column } = view
  const step = {
    ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
    Home: [row, 0], End: [row, data.output_width - 1], PageUp: [row - 5, column], PageDown: [row + 5, column],
  }[event.key]
  if (!step) return
  event.preventDefault()
  event.stopPropagation()
  move(view, ...step)
}

function move(view, row, column, byPlay = false) {
  if (!byPlay) play(view, false)
  view.row = Math.max(0, Math.min(view.data.output_height - 1, row))
  view.column = Math.max(0, Math.min(view.data.output_width - 1, column))
  draw(view)
}

function play(view, on) {
  clearInterval(view.timer)
  const was = view.playing
  view.playing = on
  const button = view.find("play")
  button.textContent = on ? "❚❚ Pause" : "▶ Play"
  button.setAttribute("aria-pressed", String(on))
  if (on) {
    const count = view.data.output_height * view.data.output_width
    view.timer = setInterval(() => {
      if (!view.find("play").isConnected) return clearInterval(view.timer)
      const next = (view.row * view.data.output_width + view.column + 1) % count
      move(view, Math.floor(next / view.data.output_width), next % view.data.output_width, true)
    }, 1000 / Number(view.find("speed").value))
  } else if (was) {
    draw(view)
  }
}

function place(canvas, event, columns, rows) {
  const box = canvas.getBoundingClientRect()
  return [((event.clientX - box.left) / box.width) * columns, ((event.clientY - box.top) / box.height) * rows]
}

const span = (data) => data.window.map((side) => data.dilation * (side - 1) + 1)

// Pictures are drawn once a data change, one canvas pixel a number, and scaled up sharply at each move.
function prepare(view) {
  const { data } = view
  const given = data.pixels.flat(2)
  const least = Math.min(...given)
  const most = least < 0 ? Math.max(-least, ...given) : Math.max(1, ...given) // a photo's white is 1; a map may have more
  const input = plane(data.height, data.width, (row, column) => {
    const value = (channel) => data.pixels[Math.min(channel, data.channels - 1)][row][column] / most
    return least < 0 ? signed(value(0)) : [255 * value(0), 255 * value(1), 255 * value(2)]
  })
  const flat = data.output.flat()
  const low = Math.min(...flat), high = Math.max(...flat)
  const limit = Math.max(-low, high) || 1
  const output = plane(data.output_height, data.output_width, (row, column) => {
    const value = data.output[row][column]
    return low < 0 ? signed(value / limit) : Array(3).fill(high ? (255 * value) / high : 0)
  })
  return { input, output }
}

function plane(height, width, colour) {
  const canvas = document.createElement("canvas")
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext("2d")
  const image = context.createImageData(width, height)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      image.data.set([...colour(row, column), 255], 4 * (row * width + column))
    }
  }
  context.putImageData(image, 0, 0)
  return canvas
}

function draw(view) {
  const { data, row, column } = view
  const top = row * data.stride - data.padding, left = column * data.stride - data.padding
  drawInput(view, top, left)
  drawOutput(view)
  view.find("scrub").value = row * data.output_width + column
  fillTrack(view.find("scrub"))
  view.find("scrub").setAttribute("aria-valuetext", `row ${row}, column ${column}`)
  const [line, output, count] = data.kind === "convolution" ? multiplied(view, top, left) : pooled(view, top, left)
  view.find("sum").innerHTML = `${line} → output <strong>${number(output, SHOWN)}</strong>`
  view.find("readout").textContent =
    `Output row ${row}, column ${column}: the window starts at input row ${number(top, 0)}, column ${number(left, 0)}; ${count}.`
  clearTimeout(view.spoken)
  view.spoken = setTimeout(() => {
    view.find("spoken").textContent = `Row ${row}, column ${column}: ${number(output, SHOWN)}`
  }, SPOKEN_AFTER)
}

// The line below the cells, the number that it ends in, and how many went into it.
function multiplied(view, top, left) {
  const { data } = view
  const sum = drawProducts(view, top, left)
  const divided = sum / data.divisor
  const total = divided + data.bias
  const line = `sum of products <b>${number(sum, EXACT)}</b>` +
    (data.divisor === 1 ? "" : ` ÷ ${number(data.divisor, SHOWN)} ${shown(divided)}`) +
    (data.bias ? ` + bias ${number(data.bias, 2)} ${shown(total)}` : "") +
    (data.relu ? " → ReLU" : "")
  return [line, data.relu ? Math.max(0, total) : total, `${data.window[0] * data.window[1] * data.channels} products are added up`]
}

// Pooling multiplies nothing: it keeps the largest value of the window, or the mean.
function pooled(view, top, left) {
  const { data } = view
  const rows = Array.from({ length: data.window[0] }, (_, r) => data.pixels[0][top + r].slice(left, left + data.window[1]))
  const values = rows.flat()
  const sum = Number(values.reduce((total, value) => total + value, 0).toFixed(2)) // whole hundredths
  if (data.kind === "global") {
    drawValues(view, "The sum of each row", rows.map((row) => row.reduce((total, value) => total + value, 0)), 6)
  } else {
    drawValues(view, "Values in the window", values, data.window[1])
  }
  const largest = Math.max(...values), keeps = data.kind === "max"
  for (const [index, cell] of [...view.find("tables").querySelectorAll(".cell")].entries()) {
    cell.classList.toggle("kept", keeps && values[index] === largest) // of an average, none
  }
  if (!keeps) {
    return [`sum <b>${number(sum, 2)}</b> ÷ ${values.length}`, sum / values.length, `${values.length} values are averaged`]
  }
  return [`the largest of ${values.length} <b>${number(largest, 2)}</b>`, largest, "the others are forgotten"]
}

function drawValues(view, title, values, columns) {
  const tables = view.find("tables"), built = `${title} ${columns} ${values.length}`
  if (tables.dataset.built !== built) {
    build(tables, [title], columns, values.length, ["value"])
    tables.dataset.built = built
    tables.querySelector("h2").textContent = title
  }
  const limit = Math.max(...values.map(Math.abs), 1e-6)
  values.forEach((value, index) => {
    const cell = tables.querySelector(".cells").children[index]
    cell.firstChild.textContent = number(value, 2)
    tint(cell, value / limit)
  })
}

// "= 0.79", or "≈ 0.1111" where more digits would follow.
function shown(value) {
  return `${Math.abs(value - Number(value.toFixed(SHOWN))) < 1e-9 ? "=" : "≈"} ${number(value, SHOWN)}`
}

// One scale for both pictures: a place of the output is as large as a pixel of the input.
function scaled(view, canvas, picture, columns, rows) {
  const { data } = view
  const across = data.width + 2 * data.padding, down = data.height + 2 * data.padding
  const zoom = Math.max(2, Math.floor(CANVAS / Math.max(across, down)))
  canvas.width = columns * zoom
  canvas.height = rows * zoom
  canvas.style.width = `${(100 * columns) / across}%`
  canvas.style.maxWidth = `${(CANVAS * columns) / across}px`
  const context = canvas.getContext("2d")
  context.imageSmoothingEnabled = false
  return [context, zoom, picture]
}

function drawInput(view, top, left) {
  const { data } = view, pad = data.padding
  const [context, zoom, picture] = scaled(
    view, view.find("input"), view.pictures.input, data.width + 2 * pad, data.height + 2 * pad)
  context.fillStyle = "#000"
  context.fillRect(0, 0, context.canvas.width, context.canvas.height)
  context.drawImage(picture, pad * zoom, pad * zoom, data.width * zoom, data.height * zoom)
  if (pad) {
    context.strokeStyle = "#8a97a6"
    context.setLineDash([4, 4])
    context.strokeRect(pad * zoom, pad * zoom, data.width * zoom, data.height * zoom)
    context.setLineDash([])
  }
  const x = (left + pad) * zoom, y = (top + pad) * zoom, [down, wide] = span(data)
  if (data.dilation > 1) {
    context.fillStyle = "rgba(255,176,0,.55)"
    for (let r = 0; r < data.window[0]; r++) {
      for (let c = 0; c < data.window[1]; c++) {
        context.fillRect(x + c * data.dilation * zoom, y + r * data.dilation * zoom, zoom, zoom)
      }
    }
  }
  frame(context, x, y, wide * zoom, down * zoom)
}

function drawOutput(view) {
  const { data, row, column } = view
  const [context, zoom, picture] = scaled(
    view, view.find("output"), view.pictures.output, data.output_width, data.output_height)
  const { width, height } = context.canvas
  if (view.playing) context.globalAlpha = 0.18
  context.drawImage(picture, 0, 0, width, height)
  context.globalAlpha = 1
  if (view.playing) {
    context.drawImage(picture, 0, 0, data.output_width, row, 0, 0, width, row * zoom)
    context.drawImage(picture, 0, row, column + 1, 1, 0, row * zoom, (column + 1) * zoom, zoom)
  }
  frame(context, column * zoom, row * zoom, zoom, zoom)
}

function frame(context, x, y, width, height) {
  context.lineWidth = 5
  context.strokeStyle = "#000"
  context.strokeRect(x, y, width, height)
  context.lineWidth = 3
  context.strokeStyle = "#ffb000"
  context.strokeRect(x, y, width, height)
}

function drawProducts(view, top, left) {
  const { data } = view, size = data.window[1]
  const tables = view.find("tables")
  const names = CHANNELS[data.channels], built = `${names} ${size}`
  if (tables.dataset.built !== built) {
    build(tables, names, size, size * size, ["pixel", "weight", "product"])
    tables.dataset.built = built
  }
  const products = data.weights.map((plane, channel) => plane.map((line, r) => line.map((weight, c) => {
    const y = top + r * data.dilation, x = left + c * data.dilation
    const inside = y >= 0 && x >= 0 && y < data.height && x < data.width
    const pixel = inside ? data.pixels[channel][y][x] : 0
    return { pixel, weight, inside, product: pixel * weight }
  })))
  const largest = Math.max(...products.flat(2).map((entry) => Math.abs(entry.product)), 1e-6)
  let sum = 0
  products.forEach((plane, channel) => {
    const section = tables.children[channel]
    const part = plane.flat().reduce((total, entry) => total + entry.product, 0)
    sum += part
    section.querySelector("h2").textContent = names[channel] + (names.length > 1 ? ` = ${number(part, EXACT)}` : "")
    plane.flat().forEach((entry, index) => fill(section.querySelector(".cells").children[index], entry, largest))
  })
  return sum
}

function build(tables, names, columns, count, parts) {
  tables.replaceChildren(...names.map(() => {
    const section = document.createElement("section")
    const cells = document.createElement("div")
    cells.className = "cells"
    cells.style.gridTemplateColumns = `repeat(${columns}, minmax(0, ${columns > 4 ? 52 : 74}px))`
    for (let index = 0; index < count; index++) {
      const cell = document.createElement("div")
      cell.className = columns > 4 ? "cell small" : "cell"
      for (const part of parts) {
        const line = document.createElement("div")
        line.className = part
        cell.append(line)
      }
      cells.append(cell)
    }
    section.append(document.createElement("h2"), cells)
    return section
  }))
}

function fill(cell, entry, largest) {
  const [pixel, weight, product] = cell.children
  pixel.textContent = number(entry.pixel, 2)
  weight.textContent = `× ${number(entry.weight, SHOWN)}`
  product.textContent = `= ${number(entry.product, EXACT)}`
  cell.classList.toggle("outside", !entry.inside)
  cell.title = entry.inside ? "" : "in the padding: zero"
  tint(cell, entry.product / largest)
}

function tint(cell, part) {
  cell.style.background = `rgba(${part < 0 ? "72,140,205" : "232,130,50"},${(0.55 * Math.abs(part)).toFixed(2)})`
}

function number(value, digits) {
  const fixed = value.toFixed(digits)
  const text = fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed
  return (text === "-0" ? "0" : text).replace("-", "−")
}
