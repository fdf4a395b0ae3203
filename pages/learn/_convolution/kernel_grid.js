// The kernel as a grid of number fields. Values go to Python when a field is left or Enter is pressed. A field shows what
// is used: what it does not take, it says and puts the old number back.

const shown = new WeakMap()
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const grid = parentElement.querySelector("#grid")
  const said = parentElement.querySelector("#said")
  const size = data.values.length
  const before = shown.get(parentElement)
  if (grid.childElementCount !== size * size) build(grid, size)
  if (before !== undefined && before !== data.revision) say(said, "")
  const focused = parentElement.activeElement
  data.values.flat().forEach((value, index) => {
    const field = grid.children[index]
    if (field === focused && before === data.revision && field.value !== field.dataset.taken) return
    put(field, value)
  })
  shown.set(parentElement, data.revision)
  for (const [index, field] of [...grid.children].entries()) {
    field.onchange = () => take(field, data, said, () => setStateValue("values", read(grid, size)))
    field.oninput = () => paint(field, parse(field.value))
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
    field.type = "text"
    field.inputMode = "text" // a decimal pad has no minus on some phones
    field.autocomplete = "off"
    field.setAttribute("aria-label", `Weight in row ${Math.floor(index / size) + 1}, column ${(index % size) + 1}`)
    return field
  }))
}

// The number that a text stands for, with a point or a comma; null where it stands for none.
function parse(typed) {
  const plain = typed.trim().replace("\u2212", "-").replace(",", ".")
  return NUMBER.test(plain) ? Number(plain) : null
}

function take(field, data, said, send) {
  const typed = field.value.trim(), kept = Number(field.dataset.taken)
  const value = parse(typed)
  if (value === null) {
    say(said, `\u201c${typed.slice(0, 20)}\u201d is no number; ${text(kept)} stays.`, true)
    return put(field, kept)
  }
  if (Math.abs(value) > data.largest) {
    say(said, `A weight lies between \u2212${data.largest} and ${data.largest}; ${text(kept)} stays.`, true)
    return put(field, kept)
  }
  const taken = Math.round(value * 10 ** data.digits) / 10 ** data.digits
  put(field, taken)
  say(said, text(taken) === typed.replace("-", "\u2212") ? "" : `${typed.slice(0, 20)} is taken as ${text(taken)}.`)
  send()
}

function say(said, sentence, refused = false) {
  said.textContent = sentence
  said.classList.toggle("refused", refused)
}

function put(field, value) {
  field.dataset.taken = String(value)
  field.value = text(value)
  paint(field, value)
}

function read(grid, size) {
  const values = [...grid.children].map((field) => Number(field.dataset.taken))
  return Array.from({ length: size }, (_, row) => values.slice(row * size, (row + 1) * size))
}

// Up and down move between rows; left and right stay with the text cursor.
function step(grid, size, index, event) {
  const target = { ArrowUp: index - size, ArrowDown: index + size }[event.key]
  if (target === undefined) return
  event.preventDefault()
  grid.children[target]?.focus()
}

function paint(field, value) {
  const share = value ? 0.18 + 0.4 * Math.min(1, Math.abs(value) / 4) : 0
  field.style.background = value ? `rgba(${value < 0 ? "72,140,205" : "232,130,50"},${share})` : ""
}

function text(value) {
  return String(Math.round(value * 1e4) / 1e4).replace("-", "\u2212")
}
