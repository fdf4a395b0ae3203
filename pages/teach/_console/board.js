// Everybody in a class, and every run as a small curve. Names arrive in `data` and are written with `textContent` only.
//
// What is drawn anew keeps its elements, so that a button does not slip away from under a finger.

const DRAWN = "http://www.w3.org/2000/svg"
const [WIDE, HIGH] = [200, 64]
const boards = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let board = boards.get(parentElement)
  if (!board) {
    const root = parentElement.querySelector(".board")
    board = { people: add(root, "ul", "people"), cards: add(root, "ul", "cards"), empty: add(root, "p", "empty"), known: new Map() }
    board.people.setAttribute("aria-label", "Who is here")
    board.cards.setAttribute("aria-label", "Runs of the class")
    boards.set(parentElement, board)
  }
  board.stop = (id) => setTriggerValue("stop", id)
  draw_people(board, data.people)
  draw_cards(board, data.runs)
  board.empty.textContent = data.runs.length ? "" : "No run yet. Whoever presses Train appears here."
  return () => boards.delete(parentElement)
}

function draw_people(board, people) {
  board.people.replaceChildren()
  for (const one of people) {
    const line = add(board.people, "li", one.stuck ? "person stuck" : "person")
    add(line, "span", one.here ? "dot here" : "dot").setAttribute("aria-hidden", "true")
    add(line, "span", "name", one.name)
    add(line, "span", "where", `${one.here ? "" : "not here; "}${one.where}${one.joined ? "" : "; has not joined"}`)
    if (one.stuck) add(line, "span", "trouble", one.stuck)
  }
}

function draw_cards(board, runs) {
  const kept = new Set(runs.map((run) => run.id))
  for (const [id, card] of board.known) {
    if (kept.has(id)) continue
    card.root.remove()
    board.known.delete(id)
  }
  runs.forEach((run, place) => {
    const card = board.known.get(run.id) ?? new_card(board, run.id)
    if (board.cards.children[place] !== card.root) board.cards.insertBefore(card.root, board.cards.children[place] ?? null)
    draw_card(card, run)
  })
}

function new_card(board, id) {
  const root = document.createElement("li")
  root.className = "card"
  const head = add(root, "div", "head")
  const card = { root, who: add(head, "span", "name"), state: add(head, "span", "state"), what: add(root, "div", "what") }
  card.svg = document.createElementNS(DRAWN, "svg")
  card.svg.setAttribute("viewBox", `0 0 ${WIDE} ${HIGH}`)
  card.svg.setAttribute("role", "img")
  root.append(card.svg)
  card.said = add(root, "div", "said")
  card.trouble = add(root, "div", "trouble")
  const acts = add(root, "div", "acts")
  card.stop = add(acts, "button", "", "Stop")
  card.stop.onclick = () => board.stop(id)
  card.link = add(acts, "a", "", "Open")
  card.link.href = `training?run=${id}`
  card.link.target = "_blank"
  board.known.set(id, card)
  return card
}

function draw_card(card, run) {
  card.root.classList.toggle("stuck", Boolean(run.stuck))
  card.who.textContent = run.who
  card.state.textContent = run.state
  card.state.dataset.colour = run.colour
  card.what.textContent = `${run.name} (${run.what})`
  card.what.title = card.what.textContent
  card.said.textContent = run.said
  card.trouble.textContent = run.stuck
  card.stop.hidden = !run.stops
  card.stop.setAttribute("aria-label", `Stop ${run.who}'s ${run.name}`)
  card.link.setAttribute("aria-label", `Open ${run.who}'s ${run.name}`)
  card.svg.setAttribute("aria-label", run.losses.length ? `Loss, up to ${run.highest} nats, and validation accuracy. ${run.said}.` : "No step yet.")
  card.svg.replaceChildren()
  shape(card.svg, "line", { class: "ground", x1: 0, x2: WIDE, y1: HIGH - 1, y2: HIGH - 1 })
  const at = ([x, y]) => `${(3 + x * (WIDE - 6)).toFixed(1)},${(2 + (1 - y) * (HIGH - 4)).toFixed(1)}`
  if (run.losses.length > 1) shape(card.svg, "polyline", { class: "loss", points: run.losses.map(at).join(" ") })
  if (run.accuracies.length > 1) shape(card.svg, "polyline", { class: "accuracy", points: run.accuracies.map(at).join(" ") })
  for (const point of run.accuracies) {
    const [x, y] = at(point).split(",")
    shape(card.svg, "circle", { class: "dot", cx: x, cy: y, r: 2.2 })
  }
}

function shape(parent, tag, attributes) {
  const element = document.createElementNS(DRAWN, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  parent.append(element)
}
