// A square that is moved over the photo, by pointer or arrow keys; what the network says at each place is known already.
// Beside it every place in one map, in which a place is chosen as well.

const views = new WeakMap()
const REST = 250 // milliseconds without another move before it is spoken
const FRAME = "#d6276e"
const SIDE = 400 // pixels of both canvases

export default function (component) {
  const { data, parentElement } = component
  const view = views.get(parentElement) ?? { timer: null }
  views.set(parentElement, view)
  view.data = data
  view.find = (id) => parentElement.querySelector("#" + id)
  if (view.of !== data.of) [view.of, view.row, view.col] = [data.of, ...data.worst]
  view.find("photo-title").textContent = data.photoTitle
  view.find("falls-title").textContent = data.fallsTitle
  view.find("photo").setAttribute("aria-label", data.photoAlt)
  for (const name of ["photo", "falls"]) load(view, name, data[name])
  connect(view)
  draw(view)
  return () => clearTimeout(view.timer)
}

function load(view, name, source) {
  const picture = (view[name] ??= new Image())
  if (picture.src === source) return
  picture.onload = () => draw(view)
  picture.src = source
}

function connect(view) {
  const { starts } = view.data, last = starts.length - 1
  for (const [name, place] of [["photo", byPixel], ["falls", byCell]]) {
    const canvas = view.find(name)
    const at = (event) => {
      const box = canvas.getBoundingClientRect()
      const along = (offset, length) => place(view.data, offset / length)
      move(view, along(event.clientY - box.top, box.height), along(event.clientX - box.left, box.width))
    }
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId)
      at(event)
    }
    canvas.onpointermove = (event) => event.buttons && at(event)
  }
  view.find("photo").onkeydown = (event) => {
    const to = {
      ArrowLeft: [view.row, view.col - 1], ArrowRight: [view.row, view.col + 1],
      ArrowUp: [view.row - 1, view.col], ArrowDown: [view.row + 1, view.col],
      Home: [view.row, 0], End: [view.row, last], PageUp: [0, view.col], PageDown: [last, view.col],
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
    move(view, ...to)
  }
  view.find("worst").onclick = () => move(view, ...view.data.worst)
}

// The place whose square has its middle nearest to a point, given as a share of the side.
function byPixel({ starts, side, image }, share) {
  const away = starts.map((start) => Math.abs(start + side / 2 - share * image))
  return away.indexOf(Math.min(...away))
}

function byCell({ starts }, share) {
  return Math.floor(share * starts.length)
}

function move(view, row, col) {
  const inside = (place) => Math.max(0, Math.min(view.data.starts.length - 1, place))
  ;[view.row, view.col] = [inside(row), inside(col)]
  draw(view)
  clearTimeout(view.timer)
  view.timer = setTimeout(() => (view.find("spoken").textContent = view.find("said").textContent), REST)
}

function draw(view) {
  const { data, row, col } = view
  const { starts, side } = data, zoom = SIDE / data.image
  let pen = cleared(view.find("photo"), view.photo)
  pen.fillStyle = data.colour
  pen.fillRect(starts[col] * zoom, starts[row] * zoom, side * zoom, side * zoom)
  frame(pen, starts[col] * zoom, starts[row] * zoom, side * zoom)
  const cell = SIDE / starts.length
  pen = cleared(view.find("falls"), view.falls)
  frame(pen, col * cell, row * cell, cell)
  const place = row * starts.length + col
  const turned = data.answers[place] === data.answer ? "" : ` The answer is ${data.answers[place]} now.`
  const hidden = `rows ${starts[row]} to ${starts[row] + side - 1}, columns ${starts[col]} to ${starts[col] + side - 1}`
  view.find("said").textContent =
    `${data.answer} ${data.shares[place]} with this square hidden (${hidden}); ${data.before} with nothing hidden.${turned}`
  view.find("falls").setAttribute("aria-label", `${data.fallsTitle} ${view.find("said").textContent}`)
}

function cleared(canvas, picture) {
  if (canvas.width !== SIDE) canvas.width = canvas.height = SIDE
  const pen = canvas.getContext("2d")
  pen.imageSmoothingEnabled = false
  pen.clearRect(0, 0, SIDE, SIDE)
  if (picture?.naturalWidth) pen.drawImage(picture, 0, 0, SIDE, SIDE)
  return pen
}

function frame(pen, left, top, side) {
  for (const [colour, line] of [["#fff", 5], [FRAME, 3]]) {
    pen.strokeStyle = colour
    pen.lineWidth = line
    pen.strokeRect(left + 1, top + 1, Math.max(2, side - 2), Math.max(2, side - 2))
  }
}
