// The kernel as a grid of number fields. Values go to Python when a field is left or Enter is pressed.

const shown = new WeakMap()

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const grid = parentElement.querySelector("#grid")
  const size = data.values.length
  const before = shown.get(parentElement)
  if (grid.childElementCount !== size * size) build(grid, size)
  const focused = parentElement.activeElement
  data.values.flat().forEach((value, index) => {
    const field = grid.children[index]
    if (field !== focused || before !== data.revision) field.value = text(value)
    paint(field)
  })
  shown.set(parentElement, data.revision)
  const send = () => setStateValue("values", read(grid, size))
  for (const [index, field] of [...grid.children].entries()) {
    field.onchange = send
    field.oninput = () => paint(field)
    field.onfocus = () => field.select()
    field.onkeydown = (event) => step(grid, size, index, event)
  }
}

function build(grid, size) {
  grid.style.gridTemplateColumns = `repeat(${size}, 1fr)`
  grid.style.maxWidth = `${Math.max(90, Math.min(360, size * 72))}px`
  grid.classList.toggle("small", size > 4)
  grid.replaceChildren(...Array.from({ length: size * size }, (_, index) => {
    const field = document.createElement("input")
    field.type = "number"
    field.step = "any"
    field.inputMode = "text"
    field.setAttribute("aria-label", `Weight in row ${Math.floor(index / size) + 1}, column ${(index % size) + 1}`)
    return field
  }))
}

function read(grid, size) {
  const values = [...grid.children].map((field) => (Number.isFinite(field.valueAsNumber) ? field.valueAsNumber : 0))
  return Array.from({ length: size }, (_, row) => values.slice(row * size, (row + 1) * size))
}

// Up and down move between rows; left and right stay with the text cursor.
function step(grid, size, index, event) {
  const target = { ArrowUp: index - size, ArrowDown: index + size }[event.key]
  if (target === undefined) return
  event.preventDefault()
  grid.children[target]?.focus()
}

function paint(field) {
  const value = Number.isFinite(field.valueAsNumber) ? field.valueAsNumber : 0
  const share = value === 0 ? 0 : 0.18 + 0.4 * Math.min(1, Math.abs(value) / 4)
  field.style.background = value === 0 ? "" : `rgba(${value < 0 ? "72,140,205" : "232,130,50"},${share})`
}

function text(value) {
  return String(Math.round(value * 1e4) / 1e4)
}
