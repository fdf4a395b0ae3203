// Asks a network about what the camera sees: the next picture goes out when the last one's answer is back.

const LOST = 5000 // milliseconds without an answer, after which the next picture is sent
const AT_ONCE = 60 // milliseconds between two pictures at least
const STEADY = 3, SPOKEN_EVERY = 2500 // answers alike, and milliseconds, before another one is spoken
const INSTEAD = "Or upload a photo: Change photo, above."
const lives = new WeakMap()

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  if (!lives.has(parentElement)) lives.set(parentElement, new Live(parentElement))
  const live = lives.get(parentElement)
  live.send = setTriggerValue
  live.settings = data
  live.camera.insecure = data.insecure
  if (data.number && data.number === live.awaited) live.answered(data)
  else live.paint()
  return () => live.leave()
}

class Live {
  constructor(root) {
    this.root = root
    this.camera = cameraIn(root)
    this.awaited = 0 // the number of the picture that is being looked at; 0: none
    this.last = this.sentAt = 0
    this.frozen = false
    this.spoken = { label: "", at: 0, steady: 0, before: "" }
    const controls = root.querySelector("#controls")
    this.buttons = {
      open: control(controls, "Live camera", () => this.open()),
      freeze: control(controls, "Freeze", () => this.freeze()),
      turn: control(controls, "Other camera", () => this.turn()),
      stop: control(controls, "Stop", () => this.stop()),
    }
    this.seen = () => this.next()
    document.addEventListener("visibilitychange", this.seen)
    this.paint()
  }

  async open() {
    await this.camera.start(INSTEAD)
    this.begin()
  }

  async turn() {
    await this.camera.turn(INSTEAD)
    this.begin()
  }

  async begin() {
    this.frozen = false
    this.awaited = 0
    this.buttons.turn.dataset.offered = this.camera.open && (await countCameras()) > 1
    this.paint()
    this.next()
  }

  stop() {
    this.camera.close()
    this.frozen = false
    this.awaited = 0
    this.root.querySelector("#bars").replaceChildren()
    this.root.querySelector("#world").textContent = ""
    this.paint()
  }

  leave() {
    document.removeEventListener("visibilitychange", this.seen)
    this.stop()
  }

  freeze() {
    if (this.frozen) {
      this.camera.video.play()
      return this.begin()
    }
    const jpeg = this.camera.shoot(this.settings.photo, 0.92)
    if (!jpeg) return
    this.camera.video.pause()
    this.frozen = true
    this.ask("frozen", jpeg)
    this.paint()
  }

  next() {
    clearTimeout(this.timer)
    if (!this.camera.open || this.frozen || document.hidden) return
    const now = performance.now(), since = now - this.sentAt
    if (this.awaited && since < LOST) return this.later(LOST - since)
    if (since < AT_ONCE) return this.later(AT_ONCE - since)
    const jpeg = this.camera.video.checkVisibility() ? this.camera.shoot(this.settings.longest, 0.85) : null
    if (!jpeg) return this.later(250)
    this.ask("frame", jpeg)
    this.later(LOST)
  }

  later(milliseconds) {
    this.timer = setTimeout(() => this.next(), milliseconds)
  }

  ask(event, jpeg) {
    this.last = this.awaited = Math.max(this.last + 1, Date.now())
    this.sentAt = performance.now()
    this.send(event, { number: this.awaited, jpeg })
  }

  answered(answer) {
    this.awaited = 0
    if (!this.camera.open) return
    const counted = this.root.querySelector("#bars").dataset
    counted.answers = 1 + Number(counted.answers ?? 0)
    this.camera.say(answer.problem)
    draw(this.root.querySelector("#bars"), answer.bars)
    this.root.querySelector("#world").textContent = answer.foreign
    this.speak(answer.bars, answer.foreign)
    this.paint()
    this.next()
  }

  // A screen reader hears an answer that has come to rest, not each of ten a second.
  speak(bars, foreign) {
    const first = bars.find((each) => each.first)
    if (!first) return
    const spoken = this.spoken, now = performance.now()
    spoken.steady = first.name === spoken.before ? spoken.steady + 1 : 1
    spoken.before = first.name
    if (spoken.steady < STEADY || first.name === spoken.label || now - spoken.at < SPOKEN_EVERY) return
    Object.assign(spoken, { label: first.name, at: now })
    this.root.querySelector("#spoken").textContent = [`${first.name}, ${first.share}`, foreign].filter(Boolean).join(". ")
  }

  paint() {
    const { open, freeze, turn, stop } = this.buttons
    const on = this.camera.open, focus = this.root.getRootNode().activeElement
    this.camera.video.hidden = !on
    open.hidden = on
    freeze.hidden = stop.hidden = !on
    turn.hidden = !on || turn.dataset.offered !== "true" || this.frozen
    freeze.textContent = this.frozen ? "Go on" : "Freeze"
    if (on && focus === open) freeze.focus()
    if (!on && [freeze, turn, stop].includes(focus)) open.focus()
    for (const part of ["#bars", "#world"]) this.root.querySelector(part).hidden = !on
    this.root.querySelector("#how").textContent = this.frozen
      ? "This picture is the photo now, for all that follows."
      : "Answered as you move, and forgotten. Freeze makes it the photo for all that follows."
  }
}

// Rows stay where they are; a bar is as long as its number says, at once, for the next answer may come in a moment.
function draw(list, bars) {
  while (list.children.length > bars.length) list.lastChild.remove()
  while (list.children.length < bars.length) {
    const row = add(list, "li")
    for (const part of ["name", "track", "share"]) add(row, "span", part)
    add(row.children[1], "div", "full")
  }
  bars.forEach((bar, place) => {
    const row = list.children[place], [name, track, share] = row.children
    row.className = bar.first ? "first" : ""
    name.textContent = bar.name
    track.firstChild.style.width = `${100 * bar.part}%`
    share.textContent = bar.share
  })
}
