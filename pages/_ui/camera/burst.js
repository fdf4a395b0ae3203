// Takes photos for a class. The next one is taken when the last one is kept: what is counted as here is on the disk.

const LOST = 5000 // milliseconds without an answer, after which a photo is sent again; none is kept twice
const APART = 250 // milliseconds between two photos of a burst at least
const HELD = 600 // milliseconds from which on a press is a hold, and ends the burst when it is let go
const bursts = new WeakMap()

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  if (!bursts.has(parentElement)) bursts.set(parentElement, new Burst(parentElement))
  const burst = bursts.get(parentElement)
  burst.send = setTriggerValue
  burst.show(data)
  return () => burst.leave()
}

class Burst {
  constructor(root) {
    this.root = root
    this.camera = cameraIn(root)
    this.running = this.many = false
    this.here = this.wanted = this.awaited = this.last = this.shotAt = this.pressedAt = 0
    const controls = root.querySelector("#controls")
    this.buttons = {
      open: control(controls, "Open the camera", () => this.open()),
      one: control(controls, "Take one", () => this.begin(false)),
      many: control(controls, "Burst", () => this.clicked()),
      turn: control(controls, "Other camera", () => this.turn()),
      close: control(controls, "Close", () => this.close()),
    }
    const many = this.buttons.many
    many.onpointerdown = (event) => this.pressed(event)
    many.onpointerup = many.onpointercancel = (event) => this.letGo(event)
    many.onkeydown = (event) => event.repeat && event.preventDefault()
  }

  show(data) {
    this.data = data
    this.camera.insecure = data.insecure
    if (this.awaited && data.number === this.awaited) this.answered(data.problem)
    if (this.running && data.class_id !== this.classId) this.end()
    this.paint()
  }

  async open() {
    await this.camera.start(this.data.instead)
    await this.opened()
  }

  async turn() {
    await this.camera.turn(this.data.instead)
    await this.opened()
  }

  async opened() {
    this.buttons.turn.dataset.offered = this.camera.open && (await countCameras()) > 1
    this.paint()
  }

  close() {
    this.end()
    this.camera.close()
    this.paint()
  }

  leave() {
    clearTimeout(this.timer)
    this.running = false
    this.camera.close()
  }

  // A short press begins a burst, and another one ends it; a hold ends it when it is let go.
  pressed(event) {
    if (event.button) return
    this.byPointer = true
    this.pressedAt = event.timeStamp
    this.toggle()
    this.buttons.many.setPointerCapture(event.pointerId)
  }

  letGo(event) {
    if (this.running && event.timeStamp - this.pressedAt >= HELD) this.end()
  }

  clicked() {
    if (!this.byPointer) this.toggle()
    this.byPointer = false
  }

  toggle() {
    this.running ? this.end() : this.begin(true)
  }

  begin(many) {
    if (this.running || !this.camera.open) return
    Object.assign(this, { running: true, many, wanted: many ? this.data.most : 1, here: 0 })
    this.classId = this.data.class_id
    this.series = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-")
    this.camera.say("")
    this.later(0) // the press itself is over at once, however long a photo takes
    this.paint()
  }

  // Takes no more; what is on its way is waited for.
  end() {
    if (!this.running) return
    this.wanted = this.here + (this.awaited ? 1 : 0)
    this.next()
    this.paint()
  }

  next() {
    if (!this.running || this.awaited) return
    clearTimeout(this.timer)
    if (this.here >= this.wanted || !this.camera.open) return this.over()
    const since = performance.now() - this.shotAt
    if (since < APART) return this.later(APART - since)
    const jpeg = document.hidden ? null : this.camera.shoot(this.data.longest, 0.92)
    if (!jpeg) return this.later(APART)
    this.shotAt = performance.now()
    this.awaited = this.last = Math.max(this.last + 1, Date.now())
    this.out({ number: this.awaited, series: this.series, burst: this.many, class_id: this.classId, jpeg })
  }

  later(milliseconds) {
    this.timer = setTimeout(() => this.next(), milliseconds)
  }

  // Sent again until there is an answer: the server may have died, and come back.
  out(shot) {
    if (shot.number !== this.awaited) return
    this.send("shot", shot)
    this.timer = setTimeout(() => this.out(shot), LOST)
  }

  answered(problem) {
    clearTimeout(this.timer)
    this.awaited = 0
    if (problem) {
      this.camera.say(problem)
      return this.over()
    }
    this.here += 1
    this.next()
  }

  over() {
    this.running = false
    this.root.querySelector("#spoken").textContent = this.counted()
    if (this.here) this.send("over", { series: this.series })
    this.paint()
  }

  counted() {
    if (this.running && this.many) return `${this.here} of ${this.wanted} are here`
    return this.here === 1 ? "1 picture is here" : `${this.here} pictures are here`
  }

  paint() {
    const { open, one, many, turn, close } = this.buttons
    const on = this.camera.open, focus = this.root.getRootNode().activeElement
    this.camera.video.hidden = !on
    open.hidden = on
    one.hidden = many.hidden = close.hidden = !on
    turn.hidden = !on || turn.dataset.offered !== "true"
    one.disabled = turn.disabled = this.running
    many.disabled = this.running && !this.many
    many.textContent = this.running && this.many ? "Stop the burst" : `Burst of ${this.data.most}`
    if (on && focus === open) one.focus()
    if (!on && [one, many, turn, close].includes(focus)) open.focus()
    this.root.querySelector("#progress").hidden = !this.running && !this.here
    Object.assign(this.root.querySelector("#bar"), { max: Math.max(1, this.wanted), value: this.here })
    this.root.querySelector("#count").textContent = this.counted()
    this.root.querySelector("#how").textContent = on
      ? "A burst stays on one side of the split: take several, of several things."
      : `One at a time, or a burst of ${this.data.most}.`
  }
}
