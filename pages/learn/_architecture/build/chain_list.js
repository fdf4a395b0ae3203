// Layers in a list: numbers, order, what comes out. An edit goes to Python as the whole chain, with a number, and what
// Python answers to an older one is passed over, so that quick edits do not undo each other.

const views = new WeakMap()

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const view = views.get(parentElement) ?? { made: 0, after: null, revision: null, edit: data.edit, layers: [] }
  views.set(parentElement, view)
  view.data = data
  view.find = (id) => parentElement.querySelector("#" + id)
  view.tell = () => setTriggerValue("chain", {
    edit: view.edit, layers: view.layers.map(({ kind, values }) => ({ kind, values })),
  })
  if (view.revision !== data.revision || data.edit > view.edit) { // replaced by others than this list
    view.layers = data.rows.map(({ layer }) => ({ ...layer, values: { ...layer.values }, id: ++view.made }))
    view.revision = data.revision
    view.edit = data.edit
    view.after = null
  }
  offers(view)
  draw(view)
  if (view.edit === data.edit) answer(view)
}

// The kinds that can be added, and where.
function offers(view) {
  const what = view.find("what")
  if (!what.childElementCount) {
    view.data.offers.forEach(({ title }, place) => (add(what, "option", "", title).value = place))
  }
  view.find("add").onclick = () => {
    const { kind, values } = view.data.offers[Number(what.value)].layer
    const layer = { kind, values: { ...values }, id: ++view.made }
    const place = view.layers.findIndex(({ id }) => id === view.after)
    view.layers.splice(place < 0 ? view.layers.length : place + 1, 0, layer)
    view.after = place < 0 ? null : layer.id // the next one comes after it
    changed(view, `${view.data.kinds[kind].title} is layer ${view.layers.indexOf(layer) + 1} now.`)
    rowOf(view, layer).scrollIntoView({ block: "nearest" })
  }
  view.find("adding").onkeydown = (event) => event.stopPropagation() // not to the row that it may stand in
  view.find("end").onclick = () => {
    view.after = null
    draw(view)
    what.focus()
  }
}

function changed(view, spoken) {
  view.edit += 1
  view.find("spoken").textContent = spoken
  draw(view)
  view.tell()
}

// Rows by the ids of their layers: what has the focus keeps it when a row moves. What adds one stands below the layer
// that the new one comes after, else below all.
function draw(view) {
  const rows = view.find("rows"), root = rows.getRootNode(), focused = root.activeElement, adding = view.find("adding")
  const there = new Map([...rows.children].map((row) => [Number(row.dataset.id), row]))
  const wanted = view.layers.map((layer) => there.get(layer.id) ?? build(view, layer))
  if (wanted.length !== rows.children.length || wanted.some((row, place) => row !== rows.children[place])) {
    rows.replaceChildren(...wanted)
  }
  view.layers.forEach((layer, place) => number(view, wanted[place], layer, place))
  const after = view.layers.findIndex(({ id }) => id === view.after), under = wanted[after] ?? view.find("foot")
  if (adding.parentElement !== under) under.append(adding)
  if (focused && focused !== root.activeElement && root.contains(focused)) focused.focus({ preventScroll: true })
  view.find("where").textContent = after < 0 ? "" : `after layer ${after + 1}`
  view.find("end").hidden = after < 0
  view.find("add").disabled = view.layers.length >= view.data.most
  view.find("add").title = view.layers.length >= view.data.most ? `There are at most ${view.data.most} layers.` : ""
}

function build(view, layer) {
  const row = document.createElement("li"), kind = view.data.kinds[layer.kind]
  row.dataset.id = layer.id
  const what = add(row, "div", "what")
  what.title = kind.tip
  add(what, "span", "title")
  add(what, "small")
  const fields = add(row, "div", "fields")
  for (const field of kind.fields) {
    const counts = field.name === "filters" || field.name === "units"
    if (counts && layer.values[field.name] === 0) {
      add(fields, "span", "fixed").dataset.counts = field.name
      continue
    }
    const label = add(fields, "label", "", field.name)
    label.title = field.tip
    const input = add(label, "input")
    Object.assign(input, { type: "text", inputMode: field.whole ? "numeric" : "decimal", autocomplete: "off" })
    input.dataset.field = field.name
    input.onfocus = () => input.select()
    input.onchange = () => take(view, row, layer, field, input)
    input.onkeydown = (event) => step(view, row, layer, field, input, event)
  }
  add(row, "div", "out")
  const buttons = add(row, "div", "buttons")
  const button = (sign, act) => {
    const one = add(buttons, "button", "", sign)
    one.type = "button"
    one.onclick = act
  }
  button("↑", () => move(view, layer, -1))
  button("↓", () => move(view, layer, 1))
  button("+", () => {
    view.after = layer.id
    draw(view)
    view.find("what").focus()
  })
  button("×", () => remove(view, layer))
  add(row, "p", "said")
  row.onkeydown = (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (by === undefined || !event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    move(view, layer, by)
  }
  return row
}

// What depends on the place: the number, the buttons' names, which of them lead anywhere, and the values.
function number(view, row, layer, place) {
  const title = view.data.kinds[layer.kind].title, name = `layer ${place + 1}, ${title}`
  row.querySelector(".title").textContent = `${place + 1}. ${title}`
  const labels = [`Move up ${name}`, `Move down ${name}`, `Add after ${name}`, `Remove ${name}`]
  row.querySelectorAll(".buttons button").forEach((button, which) => {
    button.setAttribute("aria-label", labels[which])
    button.title = labels[which]
  })
  const [up, down] = row.querySelectorAll("button")
  up.disabled = place === 0
  down.disabled = place === view.layers.length - 1
  for (const input of row.querySelectorAll("input")) {
    const value = layer.values[input.dataset.field]
    input.setAttribute("aria-label", `${input.dataset.field} of ${name}`)
    if (input.dataset.taken !== String(value)) put(input, value)
  }
  for (const fixed of row.querySelectorAll(".fixed")) {
    fixed.textContent = `${view.data.classes} ${fixed.dataset.counts}: one a class`
  }
}

// What Python has worked out for the chain as it is now.
function answer(view) {
  const rows = view.find("rows").children
  view.data.rows.forEach(({ name, shape, parameters, work, sees, problem }, place) => {
    const row = rows[place]
    row.querySelector("small").textContent = name
    row.classList.toggle("wrong", problem !== "")
    say(row, problem)
    const out = row.querySelector(".out")
    out.replaceChildren()
    if (shape === "") return
    add(out, "b", "", shape)
    if (parameters !== "0") add(out, "span", "", `${parameters} parameters`)
    if (work !== "0") add(out, "span", "", `${work} multiply-adds`)
    add(out, "span", "", `sees ${sees}`)
  })
  const wrong = view.data.rows.findIndex(({ problem }) => problem !== "")
  if (wrong >= 0) view.find("spoken").textContent = `Layer ${wrong + 1}: ${view.data.rows[wrong].problem}`
  view.find("missing").textContent = view.data.missing
}

function say(row, sentence) {
  row.querySelector(".said").textContent = sentence
}

function put(input, value) {
  input.dataset.taken = String(value)
  input.value = String(value)
}

function take(view, row, layer, field, input) {
  const typed = input.value.trim().replace(",", "."), value = Number(typed)
  const fits = typed !== "" && Number.isFinite(value) && (!field.whole || Number.isInteger(value))
  if (!fits || value < field.low || value > field.high) {
    const what = field.whole ? "a whole number" : "a number"
    put(input, layer.values[field.name])
    say(row, `${field.name} is “${typed.slice(0, 12)}”; it takes ${what} from ${field.low} to ${field.high}.`)
    view.find("spoken").textContent = row.querySelector(".said").textContent
    return
  }
  put(input, rounded(field, value))
  set(view, layer, field, value)
  if (view.edit === view.data.edit) answer(view) // nothing new: what was said of the layer is true again
}

function rounded(field, value) {
  return field.whole ? value : Math.round(value * 1e4) / 1e4
}

function set(view, layer, field, value) {
  if (rounded(field, value) === layer.values[field.name]) return
  layer.values[field.name] = rounded(field, value)
  changed(view, "")
}

// The arrow keys count up and down.
function step(view, row, layer, field, input, event) {
  const by = { ArrowUp: 1, ArrowDown: -1 }[event.key]
  if (by === undefined || event.altKey) return
  event.preventDefault()
  event.stopPropagation()
  const value = rounded(field, layer.values[field.name] + by * field.step)
  if (value >= field.low && value <= field.high) set(view, layer, field, value)
}

function move(view, layer, by) {
  const place = view.layers.indexOf(layer), to = place + by
  if (to < 0 || to >= view.layers.length) return
  view.layers.splice(to, 0, ...view.layers.splice(place, 1))
  changed(view, `${view.data.kinds[layer.kind].title} is layer ${to + 1} now.`)
  keepFocus(view, layer)
}

function rowOf(view, layer) {
  return [...view.find("rows").children].find((one) => Number(one.dataset.id) === layer.id)
}

// A button that leads nowhere any more lets go of the focus: it goes to the row's other one.
function keepFocus(view, layer) {
  const row = rowOf(view, layer)
  const [up, down] = row.querySelectorAll("button")
  const focused = row.getRootNode().activeElement
  if (focused === up && up.disabled) down.focus()
  if (focused === down && down.disabled) up.focus()
}

function remove(view, layer) {
  const place = view.layers.indexOf(layer)
  view.layers.splice(place, 1)
  if (view.after === layer.id) view.after = null
  changed(view, `Layer ${place + 1} is gone.`)
  const next = view.find("rows").children[Math.min(place, view.layers.length - 1)]
  ;(next ? next.querySelectorAll("button")[3] : view.find("what")).focus()
}
