// A confusion matrix whose cells can be chosen: by mouse, or by arrow keys and Enter.
//
// Rows are the true class, columns the answer. Names of classes arrive in `data` and are written with
// `textContent` only. A choice goes to Python as "cell": [row, column], or "none".

const views = new WeakMap()

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  let view = views.get(parentElement)
  if (!view) {
    view = { root: parentElement.querySelector(".confusion"), at: [0, 0] }
    views.set(parentElement, view)
  }
  view.data = data
  view.choose = (cell) => setTriggerValue("cell", cell ?? "none")
  const wanted = JSON.stringify([data.counts, data.classes])
  if (view.drawn !== wanted) {
    draw(view)
    view.drawn = wanted
  }
  mark(view)
  return () => views.delete(parentElement)
}

function draw(view) {
  const { counts, classes } = view.data
  view.root.replaceChildren()
  const table = add(view.root, "table")
  table.setAttribute("aria-label", view.data.alt)
  const head = add(add(table, "thead"), "tr")
  add(head, "td", "corner", "true ↓  answer →")
  const short = classes.length * Math.max(...classes.map((name) => name.length)) <= 30
  for (const name of classes) add(add(head, "th", short ? "short" : "column"), "span", "", name).title = name
  const body = add(table, "tbody")
  view.cells = counts.map((row, i) => {
    const line = add(body, "tr")
    add(line, "th", "row", classes[i]).title = classes[i]
    const total = row.reduce((sum, count) => sum + count, 0)
    return row.map((count, j) => cell(view, line, i, j, count, total))
  })
}

function cell(view, line, i, j, count, total) {
  const { classes } = view.data
  const share = total ? count / total : 0
  const button = add(add(line, "td"), "button", i === j ? "right" : "wrong", count ? count.toLocaleString("en-GB") : "")
  button.type = "button"
  // The root makes single confusions visible beside a diagonal of hundreds.
  button.style.setProperty("--part", `${Math.round(Math.sqrt(share) * (i === j ? 80 : 100))}%`)
  if (share > 0.4) button.classList.add("full")
  const said = i === j ? `${classes[i]} recognised` : `${classes[i]} taken for ${classes[j]}`
  button.title = `${said}: ${count.toLocaleString("en-GB")} of ${total.toLocaleString("en-GB")} images (${percent(share, 1)})`
  button.setAttribute("aria-label", button.title)
  button.tabIndex = i === view.at[0] && j === view.at[1] ? 0 : -1
  button.onclick = () => {
    const chosen = view.data.chosen
    focus(view, i, j)
    view.choose(chosen && chosen[0] === i && chosen[1] === j ? null : [i, j])
  }
  button.onkeydown = (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    if (!move) return
    event.preventDefault()
    const last = classes.length - 1
    focus(view, Math.max(0, Math.min(last, i + move[0])), Math.max(0, Math.min(last, j + move[1])))
  }
  return button
}

function focus(view, i, j) {
  view.cells[view.at[0]]?.[view.at[1]]?.setAttribute("tabindex", "-1")
  view.at = [i, j]
  view.cells[i][j].tabIndex = 0
  view.cells[i][j].focus()
}

function mark(view) {
  const chosen = view.data.chosen
  view.cells.forEach((row, i) =>
    row.forEach((button, j) => button.setAttribute("aria-pressed", Boolean(chosen && chosen[0] === i && chosen[1] === j)))
  )
}
