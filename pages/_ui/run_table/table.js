// Runs as a table: sorted and filtered here, drawn row by row as far as one sees, read and chosen by the keys as well.
//
// Names, notes and nicknames arrive in `data` and are written with `textContent` only. A choice goes to Python as
// "chosen": [references]. What the reader has set is kept for the tab, so that it is there after a page switch.

const ROW = 42 // pixels, as in table.css: two lines of text
const MARK = 34 // pixels of the column that says what is chosen
const TALL = 520 // pixels of the list at most
const AROUND = 8 // rows drawn beyond the edge
const FIELDS = ["reference", "name", "state", "accuracy", "interval", "images", "validation", "parameters", "seconds", "done", "planned",
  "data", "model", "recipe", "changed", "owner", "created", "note", "trained", "broken"]
const SHARED = ["state", "data", "model", "recipe", "changed", "owner", "note"] // sent as places in a list of words
const COLUMNS = {
  name: { title: "Name", width: 200 },
  state: { title: "State", width: 92 },
  accuracy: { title: "Test accuracy", width: 164, falls: true, say: accuracy_words, tip: "With its 95 % interval, on images of the test split." },
  validation: { title: "Validation", width: 88, falls: true, say: (row) => share(row.validation), tip: "The best epoch's accuracy on the validation images." },
  parameters: { title: "Parameters", width: 110, number: true, say: (row) => (row.parameters ?? "").toLocaleString("en-GB") },
  seconds: { title: "Training time", width: 108, number: true, say: (row) => time_words(row.seconds), tip: "Computing alone: all epochs with their validation, and a frozen backbone's look at the images; the backbone's own training is not in it." },
  epochs: { title: "Epochs", width: 78, number: true, of: (row) => row.done, say: (row) => (row.planned === null ? "" : `${row.done} of ${row.planned}`) },
  data: { title: "Data set", width: 150 },
  model: { title: "Network", width: 170 },
  recipe: { title: "Recipe", width: 96 },
  changed: { title: "Changed (the recipe's)", width: 240 },
  owner: { title: "Owner", width: 88 },
  created: { title: "Queued", width: 130, number: true, falls: true, say: (row) => age_words(row.created) },
  note: { title: "Note", width: 240 },
}
const NATURAL = new Intl.Collator("en", { numeric: true, sensitivity: "base" })
const FIRST = { sort: null, down: false, words: "", data: "", owner: "", look: "table", x: "seconds" }
const views = new WeakMap()

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  let view = views.get(parentElement)
  if (!view) {
    view = build(parentElement.querySelector(".runs"), data.table)
    views.set(parentElement, view)
  }
  view.send = (chosen) => setTriggerValue("chosen", chosen)
  if (view.was === data) draw(view) // in other colours
  else take(view, data)
  view.was = data
  return () => {
    window.removeEventListener("cnn-lab-runs", view.hear)
    view.observer.disconnect()
    views.delete(parentElement)
  }
}

function decoded(data) {
  return data.rows.map((values) => {
    const row = Object.fromEntries(FIELDS.map((name, place) => [name, values[place]]))
    for (const name of SHARED) row[name] = data.words[row[name]]
    return row
  })
}

function take(view, data) {
  view.data = data
  view.rows = decoded(data)
  let at = 0
  data.groups.forEach((group, place) => {
    for (const row of view.rows.slice(at, at + group.rows)) row.group = place
    at += group.rows
  })
  view.chosen = new Set(data.chosen)
  view.active = view.rows.find((row) => row.reference === view.active?.reference) ?? null
  view.columns = data.columns.map((name) => ({ name, of: (row) => row[name], say: (row) => row[name] ?? "", ...COLUMNS[name] }))
  view.grid.setAttribute("aria-label", data.alt)
  offer(view.by_data, "All data sets", view.rows.map((row) => row.data), view.set.data)
  const owners = view.rows.map((row) => row.owner).filter(Boolean)
  offer(view.by_owner, "Everybody", owners, view.set.owner)
  view.by_owner.hidden = new Set(owners).size < 2
  view.by_data.hidden = new Set(view.rows.map((row) => row.data)).size < 2
  if (view.by_owner.hidden) view.set.owner = ""
  if (view.by_data.hidden) view.set.data = ""
  head(view)
  choose_rows(view)
}

// What a training that goes on has brought, for some rows.
function follow(view, event) {
  if (view.data?.table !== event.detail?.table || !view.root.isConnected) return
  const news = new Map(decoded(event.detail).map((row) => [row.reference, row]))
  let any = false
  for (const row of view.rows) {
    const found = news.get(row.reference)
    if (found) any = Boolean(Object.assign(row, found, { text: undefined }))
  }
  if (any) choose_rows(view)
}

function build(root, name) {
  const view = { root, rows: [], shown: [], chosen: new Set(), active: null, kept: `cnn-lab-runs-${name}` }
  view.set = { ...FIRST, ...remembered(view.kept) }
  const bar = add(root, "div", "bar")
  view.search = add(bar, "input", "search")
  view.search.type = "search"
  view.search.placeholder = "Search: name, owner, data set, network, note"
  view.search.setAttribute("aria-label", "Search")
  view.search.value = view.set.words
  view.search.oninput = () => change(view, { words: view.search.value })
  view.by_data = filter(view, bar, "data", "Data set")
  view.by_owner = filter(view, bar, "owner", "Owner")
  const looks = add(bar, "div", "looks")
  view.looks = ["table", "chart"].map((look) => {
    const button = add(looks, "button", "", look === "table" ? "Table" : "What accuracy costs")
    button.onclick = () => change(view, { look })
    return [look, button]
  })
  const said = add(root, "div", "count")
  view.count = add(said, "span", "")
  view.count.setAttribute("aria-live", "polite")
  view.more = add(said, "span", "more", "More columns: scroll to the right")
  view.grid = add(root, "div", "grid")
  view.grid.setAttribute("role", "grid")
  view.grid.tabIndex = 0
  view.head = add(view.grid, "div", "head")
  view.head.setAttribute("role", "row")
  view.body = add(view.grid, "div", "body")
  view.body.setAttribute("role", "rowgroup")
  view.body.onclick = (event) => clicked(view, event)
  view.grid.onscroll = () => draw(view)
  view.grid.onkeydown = (event) => key_pressed(view, event)
  view.grid.onfocus = () => { if (view.active === null && view.grid.matches(":focus-visible")) move(view, 0) }
  view.chart = new_chart(root, () => view.set.x, (x) => change(view, { x }), (row) => choose(view, row))
  view.hear = (event) => follow(view, event)
  window.addEventListener("cnn-lab-runs", view.hear)
  view.observer = new ResizeObserver(() => draw(view))
  view.observer.observe(root)
  return view
}

function filter(view, bar, name, label) {
  const box = add(bar, "select")
  box.setAttribute("aria-label", label)
  box.onchange = () => change(view, { [name]: box.value })
  return box
}

function offer(box, all, values, chosen) {
  const names = [...new Set(values)].sort((a, b) => (b === "you") - (a === "you") || NATURAL.compare(a, b))
  box.replaceChildren(new Option(all, ""), ...names.map((name) => new Option(name, name)))
  box.value = names.includes(chosen) ? chosen : ""
}

// ---- what is shown, and in which order ---------------------------------------------------------

function change(view, what) {
  Object.assign(view.set, what)
  try { sessionStorage.setItem(view.kept, JSON.stringify(view.set)) } catch { /* kept nowhere, then */ }
  if (!("look" in what) && !("x" in what)) view.grid.scrollTop = 0
  head(view)
  choose_rows(view)
}

function remembered(kept) {
  try { return JSON.parse(sessionStorage.getItem(kept)) ?? {} } catch { return {} }
}

function choose_rows(view) {
  const { words, sort, down } = view.set
  const [data, owner] = [view.by_data.value, view.by_owner.value]
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = view.rows.filter((row) => (!data || row.data === data) && (!owner || row.owner === owner) && has_all(row, wanted))
  const column = view.columns.find((one) => one.name === sort)
  if (column) shown.sort((a, b) => a.group - b.group || compare(column.of(a), column.of(b), down))
  view.shown = shown
  view.lines = []
  for (const [place, row] of shown.entries()) {
    if (view.data.groups.length > 1 && row.group !== shown[place - 1]?.group) view.lines.push({ title: view.data.groups[row.group].title })
    view.lines.push(row)
  }
  if (!shown.includes(view.active)) view.active = null
  const all = view.rows.length
  const count = shown.length < all ? `${shown.length.toLocaleString("en-GB")} of ${all.toLocaleString("en-GB")}` : all.toLocaleString("en-GB")
  const what = view.data.at_most > 1 ? "network" : "run"
  view.count.textContent = `${count} ${what}${all === 1 ? "" : "s"}${column ? `, by ${column.title.toLowerCase()}` : ""}${view.said ?? ""}`
  view.said = ""
  const chart = view.set.look === "chart"
  for (const [look, button] of view.looks) button.setAttribute("aria-pressed", look === view.set.look)
  view.grid.hidden = chart
  view.more.hidden = chart
  view.chart.root.hidden = !chart
  draw(view)
}

function has_all(row, wanted) {
  row.text ??= [row.name, row.owner, row.note, row.data, row.model, row.recipe, row.state, row.reference].join(" ").toLowerCase()
  return wanted.every((word) => row.text.includes(word))
}

// What has nothing in the column comes last, either way.
function compare(a, b, down) {
  const [none_a, none_b] = [a === null || a === "", b === null || b === ""]
  if (none_a || none_b) return none_a - none_b
  const order = typeof a === "string" ? NATURAL.compare(a, b) : a - b
  return down ? -order : order
}

// A heading sorts by its column, turns that round, and then shows what came first again.
function sort_by(view, column) {
  const { sort, down } = view.set
  const first = Boolean(column.falls)
  if (sort !== column.name) change(view, { sort: column.name, down: first })
  else if (down === first) change(view, { down: !first })
  else change(view, { sort: null, down: false })
}

// ---- drawing -----------------------------------------------------------------------------------

function head(view) {
  const focused = view.root.getRootNode().activeElement?.dataset?.column
  view.head.replaceChildren()
  if (view.data.at_most > 1) cell(view.head, "columnheader", "✓").setAttribute("aria-label", "Compared")
  for (const column of view.columns) {
    const box = cell(view.head, "columnheader", "")
    const sorted = column.name === view.set.sort
    const button = add(box, "button", "", column.title)
    button.dataset.column = column.name
    if (column.tip) button.title = column.tip
    if (sorted) {
      box.setAttribute("aria-sort", view.set.down ? "descending" : "ascending")
      add(button, "span", "arrow", view.set.down ? "↓" : "↑").setAttribute("aria-hidden", "true")
    }
    button.onclick = () => sort_by(view, column)
    if (column.name === focused) button.focus()
  }
}

// The first columns fill what is seen of the table, so that none is cut; the others are a scroll away.
function share_width(view) {
  const mark = view.data.at_most > 1 ? MARK : 0
  const room = view.grid.clientWidth - mark
  if (room < 2) return // out of sight: the observer draws it anew when it has room
  const widths = view.columns.map((column) => Math.min(column.width, Math.floor(room * 0.5)))
  let [seen, used] = [0, 0]
  while (seen < widths.length && used + widths[seen] <= room) used += widths[seen++]
  const shared = widths.map((width, place) => (place < seen ? (width * room) / used : width)).map((width) => `${width}px`).join(" ")
  view.grid.style.setProperty("--columns", mark ? `${mark}px ${shared}` : shared)
  view.more.hidden = seen === widths.length
}

function draw(view) {
  if (!view.lines) return
  if (view.set.look === "chart") return view.chart.draw(view.shown)
  share_width(view)
  const height = (view.lines.length + 1) * ROW
  view.grid.style.height = `${Math.min(TALL, height + 18)}px` // the bar that scrolls sideways needs room
  view.grid.setAttribute("aria-rowcount", view.lines.length + 1)
  view.body.style.height = `${view.lines.length * ROW}px`
  const from = Math.max(0, Math.floor(view.grid.scrollTop / ROW) - AROUND)
  const to = Math.min(view.lines.length, Math.ceil((view.grid.scrollTop + TALL) / ROW) + AROUND)
  view.body.replaceChildren()
  for (let place = from; place < to; place++) view.body.append(line(view, view.lines[place], place))
  if (!view.lines.length) {
    const nothing = document.createElement("div")
    nothing.setAttribute("role", "row")
    cell(nothing, "gridcell", "Nothing here has all of these words.").classList.add("nothing")
    view.body.append(nothing)
    view.body.style.height = `${ROW}px`
  }
  const active = view.body.querySelector(".active")
  if (active) view.grid.setAttribute("aria-activedescendant", active.id)
  else view.grid.removeAttribute("aria-activedescendant")
}

function line(view, row, place) {
  const box = document.createElement("div")
  box.setAttribute("role", "row")
  box.setAttribute("aria-rowindex", place + 2)
  box.style.top = `${place * ROW}px`
  if (row.title) {
    box.className = "title"
    cell(box, "gridcell", row.title)
    return box
  }
  const chosen = view.chosen.has(row.reference)
  box.id = `row-${place}`
  box.className = `row${chosen ? " chosen" : ""}${row === view.active ? " active" : ""}`
  box.setAttribute("aria-selected", chosen)
  if (view.data.at_most > 1) cell(box, "gridcell", chosen ? "✓" : "")
  for (const column of view.columns) {
    const said = String(column.say(row))
    const one = cell(box, "gridcell", "")
    add(one, "span", "", said)
    if (column.number) one.classList.add("number")
    if (said.length * 7 > column.width) one.title = said
  }
  return box
}

function cell(parent, role, text) {
  const box = add(parent, "div", "", text)
  box.setAttribute("role", role)
  return box
}

// ---- choosing ----------------------------------------------------------------------------------

function choose(view, row) {
  const most = view.data.at_most
  if (most === 1) return view.send([row.reference])
  const chosen = new Set(view.chosen)
  if (!chosen.delete(row.reference)) chosen.add(row.reference)
  if (chosen.size > most) view.said = `. ${most} are compared at most: take one out first`
  else {
    view.chosen = chosen
    view.send([...chosen])
  }
  choose_rows(view)
}

// By where it was, not by the element that it began on: rows may have been drawn anew while the button was down.
function clicked(view, event) {
  const within = event.clientY - view.body.getBoundingClientRect().top
  const row = view.lines[Number(event.target.closest(".row")?.id.slice(4) ?? Math.floor(within / ROW))]
  if (!row || row.title) return
  view.active = row
  choose(view, row)
}

function key_pressed(view, event) {
  if (event.target !== view.grid) return
  const at = view.shown.indexOf(view.active)
  const page = Math.max(1, Math.floor(TALL / ROW) - 2)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: view.shown.length - 1 }[event.key]
  if (to !== undefined) move(view, to)
  else if ((event.key === "Enter" || event.key === " ") && view.active) choose(view, view.active)
  else return
  event.preventDefault()
}

function move(view, to) {
  if (!view.shown.length) return
  view.active = view.shown[Math.max(0, Math.min(view.shown.length - 1, to))]
  const top = view.lines.indexOf(view.active) * ROW
  const seen = view.grid.clientHeight - 2 * ROW
  if (top < view.grid.scrollTop) view.grid.scrollTop = top
  else if (top > view.grid.scrollTop + seen) view.grid.scrollTop = top - seen
  draw(view)
}

// ---- words -------------------------------------------------------------------------------------

function share(value) {
  return value === null ? "" : percent(value, 1)
}

function accuracy_words(row) {
  if (row.accuracy === null) return ""
  const [low, high] = row.interval
  return `${share(row.accuracy)} (${percent(low, 1).replace(" %", "")} to ${percent(high, 1).replace(" %", "")})`
}

function time_words(seconds) {
  if (seconds === null) return ""
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return minutes < 10 && whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function age_words(at) {
  if (at === null) return ""
  const minutes = Math.max(0, Math.floor((Date.now() / 1000 - at) / 60))
  if (minutes < 1) return "just now"
  if (minutes < 60) return `${minutes} min ago`
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`
  return new Date(at * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })
}
