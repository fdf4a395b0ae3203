// Sends photos one after the other, each in parts: the next part goes out when the last one's answer is back.

const PART = 5 * 2 ** 20 // bytes: most photos of a phone are one part; the server takes some three times as much
const LOST = 8000 // milliseconds without an answer, after which a part is sent again; none counts twice
const senders = new WeakMap()

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  if (!senders.has(parentElement)) senders.set(parentElement, new Sender(parentElement))
  const sender = senders.get(parentElement)
  sender.send = setTriggerValue
  sender.show(data)
  return () => sender.leave()
}

class Sender {
  constructor(root) {
    this.root = root
    this.at = (name) => root.querySelector(`#${name}`)
    this.queue = []
    this.done = this.bad = this.total = this.last = 0
    this.awaited = null // the part that is on its way: { number, part, parts, last }
    this.at("choose").onclick = () => this.at("files").click()
    this.at("stop").onclick = () => this.stop()
    this.at("clear").onclick = () => this.send("clear", Date.now())
    this.at("files").onchange = (event) => {
      this.take(event.target.files)
      event.target.value = ""
    }
    const drop = this.at("drop")
    drop.ondragover = (event) => {
      event.preventDefault()
      drop.classList.add("over")
    }
    drop.ondragleave = (event) => drop.contains(event.relatedTarget) || drop.classList.remove("over")
    drop.ondrop = (event) => {
      event.preventDefault()
      drop.classList.remove("over")
      this.take(event.dataTransfer.files)
    }
  }

  show(data) {
    this.data = data
    this.last = Math.max(this.last, data.number) // a clock that was set back meanwhile would count below it
    this.at("files").accept = data.accept
    const awaited = this.awaited
    if (awaited && data.number === awaited.number && data.part >= awaited.part) this.answered(data)
    this.paint()
  }

  take(files) {
    if (!files.length) return
    if (!this.total) this.done = this.bad = 0
    this.queue.push(...files)
    this.total += files.length
    this.at("refused").textContent = ""
    if (!this.awaited) this.next()
    this.paint()
  }

  next() {
    const file = this.queue.shift()
    if (!file) return this.over()
    this.last = Math.max(this.last + 1, Date.now())
    const parts = file.size > this.data.most ? 1 : Math.max(1, Math.ceil(file.size / PART))
    this.out(file, { number: this.last, part: 0, parts })
  }

  async out(file, awaited) {
    this.awaited = awaited
    const heavy = file.size > this.data.most // its name and size are enough for the sentence
    const from = awaited.part * PART
    let letters
    try {
      letters = heavy ? "" : await read(file.slice(from, from + PART))
    } catch {
      letters = null // gone or locked since it was chosen: the server has the sentence
    }
    if (this.awaited !== awaited) return
    this.file = file
    awaited.last = !this.queue.length && awaited.part + 1 === awaited.parts // the page is drawn with its answer
    const sent = { ...awaited, name: file.name, size: file.size, shows: this.data.shows, letters }
    const post = () => {
      this.send("part", sent)
      this.timer = setTimeout(post, LOST)
    }
    post()
  }

  answered(answer) {
    clearTimeout(this.timer)
    const { number, part, parts, last } = this.awaited
    this.awaited = null
    if (!answer.problem && part + 1 < parts) return this.out(this.file, { number, part: part + 1, parts })
    this.done += 1
    this.bad += answer.problem ? 1 : 0
    if (answer.full) {
      this.at("refused").textContent = answer.problem
      this.total -= this.queue.length
      this.queue = []
    }
    if (last && !this.queue.length) this.rest()
    else this.next()
  }

  stop() {
    this.total -= this.queue.length
    this.queue = []
    this.paint()
  }

  over() {
    this.send("over", Date.now())
    this.rest()
  }

  rest() {
    this.at("heard").textContent = this.counted()
    this.total = 0
    this.paint()
  }

  leave() {
    clearTimeout(this.timer)
    this.awaited = null
    this.queue = []
    this.total = 0
  }

  counted() {
    const bad = this.bad ? `, ${this.bad} of them could not be read` : ""
    return `${this.done} of ${this.total}${bad}`
  }

  paint() {
    const running = this.total > 0, focus = this.root.getRootNode().activeElement
    const { choose, stop, clear } = { choose: this.at("choose"), stop: this.at("stop"), clear: this.at("clear") }
    choose.hidden = running
    stop.hidden = !running
    clear.hidden = running || !this.data.here
    this.at("hint").hidden = running
    this.at("sending").hidden = !running
    Object.assign(this.at("looked"), { max: Math.max(1, this.total), value: this.done })
    this.at("counted").textContent = this.counted()
    if (focus === choose && running) stop.focus()
    if ((focus === stop && !running) || (focus === clear && clear.hidden && !running)) choose.focus()
  }
}

function read(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result.split(",")[1] ?? "")
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(blob)
  })
}
