// The questions of a part. What is typed goes out half a second after the last key, or when a field is left, and is
// "kept" when the server has said so. Texts arrive in `data` and are written with `textContent` only.

const PAUSE = 500 // milliseconds after the last key
const LOST = 6000 // without an answer, after which it is sent again
const sheets = new WeakMap()
const typed = new Map() // sheet/question → what no server has confirmed yet; survives another page in this tab

export default function ({ data, parentElement, setTriggerValue }) {
  if (!sheets.has(parentElement)) sheets.set(parentElement, new Sheet(parentElement))
  const sheet = sheets.get(parentElement)
  sheet.post = (message) => setTriggerValue("answers", message)
  sheet.show(data)
  return () => {
    sheet.leave()
    sheets.delete(parentElement)
  }
}

class Sheet {
  constructor(root) {
    this.list = root.querySelector(".questions")
    this.told = root.querySelector(".told")
    this.fields = new Map() // question → { read, write, wrong, enable }
    this.away = null // the message that is on its way
    this.number = 0
  }

  show(data) {
    const before = this.data
    this.data = data
    if (!before || before.sheet !== data.sheet || String(before.questions.map((one) => one.key)) !== String(data.questions.map((one) => one.key))) this.build()
    if (this.away && data.number === this.away.number) this.answered(data.problems)
    for (const question of data.questions) {
      const field = this.fields.get(question.key)
      if (!typed.has(this.name(question.key)) && !field.isHeld()) field.write(question.answer)
      field.enable(data.open)
    }
    if (!data.open) typed.clear()
    if (typed.size && !this.away) this.send()
    this.say()
  }

  build() {
    this.list.replaceChildren()
    this.fields.clear()
    for (const question of this.data.questions) {
      const field = (question.kind === "choice" ? choices : line)(this.list, question, this.data, (now) => this.take(question.key, now))
      this.fields.set(question.key, field)
      const kept = typed.get(this.name(question.key))
      field.write(kept ?? question.answer)
    }
  }

  name(key) {
    return `${this.data.sheet}/${key}`
  }

  take(key, now) {
    typed.set(this.name(key), this.fields.get(key).read())
    this.fields.get(key).wrong("")
    this.say()
    clearTimeout(this.pause)
    if (now) this.send()
    else this.pause = setTimeout(() => this.send(), PAUSE)
  }

  send() {
    clearTimeout(this.pause)
    if (this.away || !this.data.open) return
    const answers = {}
    for (const key of this.fields.keys()) if (typed.has(this.name(key))) answers[key] = typed.get(this.name(key))
    if (!Object.keys(answers).length) return
    this.number = Math.max(this.number + 1, Date.now())
    this.away = { number: this.number, answers }
    const out = () => {
      this.post(this.away)
      this.lost = setTimeout(out, LOST)
    }
    out()
    this.say()
  }

  answered(problems) {
    clearTimeout(this.lost)
    const { answers } = this.away
    this.away = null
    for (const [key, sent] of Object.entries(answers)) {
      const field = this.fields.get(key)
      if (typed.get(this.name(key)) === sent) typed.delete(this.name(key))
      field?.wrong(problems[key] ?? "")
    }
  }

  say() {
    const waits = [...this.fields.keys()].some((key) => typed.has(this.name(key)))
    const wrong = [...this.fields.values()].some((field) => field.isWrong())
    const written = [...this.fields.values()].some((field) => field.read())
    const said = !this.data.open ? "" : wrong ? "An answer is not kept; it says why." : waits ? "Keeping …" : written ? "✓ Kept." : ""
    if (this.told.textContent !== said) this.told.textContent = said
  }

  leave() {
    clearTimeout(this.pause)
    clearTimeout(this.lost)
  }
}

function frame(list, question, kind) {
  const root = add(list, kind === "choice" ? "fieldset" : "label", "question")
  add(root, kind === "choice" ? "legend" : "span", "text", question.text)
  return root
}

function complaint(list, root) {
  const wrong = add(root, "span", "wrong")
  return { wrong: (words) => (wrong.textContent = words), isWrong: () => Boolean(wrong.textContent) }
}

function line(list, question, data, take) {
  const root = frame(list, question, question.kind)
  const field = add(root, question.kind === "number" ? "input" : "textarea")
  if (question.kind === "number") Object.assign(field, { type: "text", inputMode: "decimal", maxLength: 40 })
  else Object.assign(field, { rows: 2, maxLength: data.most })
  field.autocomplete = "off"
  field.oninput = () => take(false)
  field.onchange = () => take(true)
  return {
    ...complaint(list, root),
    read: () => field.value,
    write: (text) => field.value === text || (field.value = text),
    isHeld: () => field.getRootNode().activeElement === field || Boolean(root.querySelector(".wrong").textContent),
    enable: (open) => (field.readOnly = !open),
  }
}

function choices(list, question, data, take) {
  const root = frame(list, question, "choice")
  const row = add(root, "div", "choices")
  const group = `${data.sheet}-${question.key}`
  const buttons = question.choices.map((choice) => {
    const label = add(row, "label")
    const button = add(label, "input")
    Object.assign(button, { type: "radio", name: group, value: choice })
    button.onchange = () => take(true)
    add(label, "span", "", choice)
    return button
  })
  return {
    ...complaint(list, root),
    read: () => buttons.find((button) => button.checked)?.value ?? "",
    write: (text) => buttons.forEach((button) => (button.checked = button.value === text)),
    isHeld: () => false,
    enable: (open) => buttons.forEach((button) => (button.disabled = !open)),
  }
}
