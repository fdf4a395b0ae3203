// What Streamlit's uploader does not let pass (too large, of another kind) it names in itself alone, and the page puts an
// empty one in its place once the others have come: what was said goes on being said, in that one.
if (!window.refusedFiles) {
  const UPLOADER = "[data-testid=stFileUploader]", CHIP = "[data-testid=stFileChip]"
  const OFTEN = 200, PATIENCE = 10_000 // milliseconds between two looks, and until the first file is listed
  const MOST = 5
  const label = (uploader) => uploader.querySelector("section").getAttribute("aria-label")
  const refused = (uploader) =>
    [...uploader.querySelectorAll(`${CHIP}[aria-invalid=true]`)].flatMap((chip) => {
      const why = document.getElementById(chip.getAttribute("aria-describedby"))?.textContent.replace(/^Error: /, "")
      return /not allowed|must be/.test(why) ? [`${chip.querySelector("[title]").title} was not sent: ${why}`] : []
    })
  const say = (uploader, words) => {
    const box = document.createElement("div")
    box.setAttribute("role", "alert")
    Object.assign(box.style, { borderLeft: "4px solid #a67400", paddingLeft: "0.75rem", marginTop: "0.5rem", overflowWrap: "anywhere" })
    const more = words.length > MOST ? [`${words.length - MOST} more were not sent.`] : []
    for (const line of [...words.slice(0, MOST), ...more]) box.append(Object.assign(document.createElement("div"), { textContent: line }))
    uploader.append(box)
  }
  const watch = (uploader) => {
    const wanted = label(uploader)
    let words = [], listed = false, passed = 0
    const look = setInterval(() => {
      if (uploader.isConnected) {
        words = refused(uploader)
        const lists = uploader.querySelector(CHIP) !== null
        if ((listed && !lists) || (passed += OFTEN) > PATIENCE && !lists) clearInterval(look)
        listed ||= lists
        return
      }
      clearInterval(look)
      const instead = [...document.querySelectorAll(UPLOADER)].find((each) => label(each) === wanted)
      if (instead && words.length) say(instead, words)
    }, OFTEN)
  }
  for (const kind of ["change", "drop"])
    addEventListener(kind, ({ target }) => {
      const uploader = target.closest?.(UPLOADER)
      if (uploader) watch(uploader)
    }, true)
  window.refusedFiles = true
}
