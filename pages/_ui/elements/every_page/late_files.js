// Files from a picker that stood open while the page put another field in the place of its own: they go to that one.
//
// Its own has left the page by then, and nobody hears what is chosen there: a phone's camera stays open for long
// (findings/streamlit_files_for_a_changed_field_lost.sh).
if (!window.lateFiles) {
  window.lateFiles = new WeakSet()
  const FIELDS = "[data-testid=stFileUploaderDropzone] input[type=file]"
  const label = (field) => field.closest("section").getAttribute("aria-label")
  addEventListener("click", ({ target: field }) => {
    if (!field.matches?.(FIELDS) || window.lateFiles.has(field)) return
    window.lateFiles.add(field)
    const wanted = label(field)
    field.addEventListener("change", () => {
      const instead = [...document.querySelectorAll(FIELDS)].find((each) => label(each) === wanted)
      if (field.isConnected || !instead) return
      instead.files = field.files
      instead.dispatchEvent(new Event("change", { bubbles: true }))
    })
  }, true)
}
