// A map in which a click or the arrow keys choose a place, and the photo on which its receptive field is drawn at once.
// Python is told when the place rests.

const views = new WeakMap()
const REST = 250 // milliseconds without another key before Python is told
const FRAME = "#d6276e"

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const view = views.get(parentElement) ?? { timer: null, given: "" }
  views.set(parentElement, view)
  view.data = data
  view.find = (id) => parentElement.querySelector("#" + id)
  view.tell = () => setTriggerValue("place", [view.row, view.col])
  const given = [data.of, data.row, data.col].join()
  if (view.given !== given && view.timer === null) [view.row, view.col] = [data.row, data.col]
  view.given = given
  view.row = Math.min(view.row ?? data.row, data.side - 1)
  view.col = Math.min(view.col ?? data.col, data.side - 1)
  view.find("map-title").textContent = data.mapTitle
  view.find("photo-title").textContent = data.photoTitle
  view.find("map").setAttribute("aria-label", data.mapAlt)
  load(view, "map", data.map)
  load(view, "photo", data.photo)
  connect(view)
  draw(view)
  return () => clearTimeout(view.timer)
}

function load(view, name, source) {
  const picture = (view[name] ??= new Image())
  if (view[name + "Source"] === source) return
  view[name + "Source"] = source
  picture.onload = () => draw(view)
  picture.src = source
}

function connect(view) {
  const map = view.find("map")
  const at = (event) => {
    const box = map.getBoundingClientRect()
    const place = (offset, length) => Math.floor((offset / length) * view.data.side)
    move(view, place(event.clientY - box.top, box.height), place(event.clientX - box.left, box.width))
  }
  map.onpointerdown = (event) => {
    map.setPointerCapture(event.pointerId)
    at(event)
  }
  map.onpointermove = (event) => event.buttons && at(event)
  map.onkeydown = (event) => {
    const [step, edge] = [event.shiftKey ? 5 : 1, view.data.side - 1]
    const to = {
      ArrowLeft: [view.row, view.col - step], ArrowRight: [view.row, view.col + step],
      ArrowUp: [view.row - step, view.col], ArrowDown: [view.row + step, view.col],
      Home: [view.row, 0], End: [view.row, edge], PageUp: [0, view.col], PageDown: [edge, view.col],
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
    move(view, ...to)
  }
}

function move(view, row, col) {
  const inside = (value) => Math.max(0, Math.min(view.data.side - 1, value))
  ;[row, col] = [inside(row), inside(col)]
  if (row === view.row && col === view.col) return
  ;[view.row, view.col] = [row, col]
  draw(view)
  clearTimeout(view.timer)
  view.timer = setTimeout(() => {
    view.timer = null
    view.find("spoken").textContent = view.find("said").textContent
    view.tell()
  }, REST)
}

// What a place sees of the photo, along one side: first and end pixel, and how far it reaches past each end.
function field(data, place) {
  const [first, end] = [data.first[place], data.end[place]]
  if (data.begin === null) return { first, end, before: 0, after: 0 }
  const begin = data.begin + place * data.jump
  return {
    first, end,
    before: Math.max(0, Math.ceil(-begin)), after: Math.max(0, Math.ceil(begin + data.size - data.image)),
  }
}

function draw(view) {
  const { data, row, col } = view
  const [rows, cols] = [field(data, row), field(data, col)]
  drawMap(view)
  drawPhoto(view, rows, cols)
  const sees = rows.end > rows.first && cols.end > cols.first
  const past = [[rows.before, "above"], [cols.before, "on the left"], [rows.after, "below"], [cols.after, "on the right"]]
    .filter(([count]) => count).map(([count, side]) => `${count} ${side}`).join(", ")
  const seen = sees
    ? `sees ${rows.end - rows.first}×${cols.end - cols.first} of ${data.image}×${data.image} pixels: rows ${rows.first} to ` +
      `${rows.end - 1}, columns ${cols.first} to ${cols.end - 1}. Nothing outside can change it.`
    : "sees no pixel: its whole window lies in the padding."
  const beyond = past ? ` It reaches past the photo (pixels: ${past}), where layers put zeros: padding, striped.` : ""
  view.find("said").textContent = `Row ${row}, column ${col} of the map ${seen}${beyond}`
  view.find("photo").setAttribute("aria-label", `The photo as the network receives it. ${view.find("said").textContent}`)
}

function drawMap(view) {
  const { data, row, col } = view
  const canvas = view.find("map"), zoom = Math.max(1, Math.round(400 / data.side))
  const pen = sized(canvas, data.side * zoom)
  if (view.map.naturalWidth) pen.drawImage(view.map, 0, 0, canvas.width, canvas.height)
  frame(pen, col * zoom, row * zoom, zoom, zoom)
}

function drawPhoto(view, rows, cols) {
  const { data } = view
  const ends = [field(data, 0), field(data, data.side - 1)]
  const reach = Math.max(...ends.flatMap((one) => [one.before, one.after]))
  const margin = Math.min(reach, Math.ceil(data.image / 4))
  const zoom = 400 / (data.image + 2 * margin), canvas = view.find("photo")
  const pen = sized(canvas, 400)
  stripes(pen, canvas.width)
  const edge = (pixel) => (pixel + margin) * zoom
  if (view.photo.naturalWidth) pen.drawImage(view.photo, edge(0), edge(0), data.image * zoom, data.image * zoom)
  const cut = (count) => Math.min(count, margin)
  const [top, bottom] = [edge(rows.first - cut(rows.before)), edge(rows.end + cut(rows.after))]
  const [left, right] = [edge(cols.first - cut(cols.before)), edge(cols.end + cut(cols.after))]
  pen.fillStyle = "rgba(0, 0, 0, 0.55)"
  pen.beginPath()
  pen.rect(0, 0, canvas.width, canvas.height)
  pen.rect(left, top, right - left, bottom - top)
  pen.fill("evenodd")
  frame(pen, left, top, right - left, bottom - top)
}

function sized(canvas, side) {
  if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side
  const pen = canvas.getContext("2d")
  pen.imageSmoothingEnabled = false
  return pen
}

function stripes(pen, side) {
  pen.fillStyle = "#808086"
  pen.fillRect(0, 0, side, side)
  pen.strokeStyle = "#606066"
  pen.lineWidth = 4
  pen.beginPath()
  for (let start = -side; start < side; start += 12) {
    pen.moveTo(start, 0)
    pen.lineTo(start + side, side)
  }
  pen.stroke()
}

function frame(pen, left, top, width, height) {
  for (const [colour, line] of [["#fff", 5], [FRAME, 3]]) {
    pen.strokeStyle = colour
    pen.lineWidth = line
    pen.strokeRect(left + 1, top + 1, Math.max(2, width - 2), Math.max(2, height - 2))
  }
}
