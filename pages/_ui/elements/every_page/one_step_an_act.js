// One step of the browser's history for each act: what a page adds to the address once it has come belongs to that step.
//
// Streamlit pushes the page and its parameters one after the other, and Back would lead to the half of a step
// (findings/streamlit_two_steps_back_from_a_page.sh). Who scrolls while the page comes does not ask for another step,
// nor does who goes back; who already presses a control of it does.
if (!window.oneStepAnAct) {
  window.oneStepAnAct = true
  const push = history.pushState.bind(history)
  let acted = true
  let coming = false // the page that was pushed last is still being drawn
  for (const act of ["pointerdown", "click", "keydown", "drop"]) addEventListener(act, () => (acted = true), true)
  const CONTROL = "button, label, input, [role=option], [role=slider]"
  addEventListener("click", ({ target }) => (coming &&= !target.closest(CONTROL)), true)
  addEventListener("popstate", () => (acted = false), true)
  const drawn = () => (coming &&= !document.querySelector("[data-test-script-state=notRunning]"))
  new MutationObserver(drawn).observe(document.body, { subtree: true, attributeFilter: ["data-test-script-state"] })
  history.pushState = (...step) => {
    const elsewhere = new URL(step[2] ?? location.href, location.href).pathname !== location.pathname
    if (acted && (elsewhere || !coming)) push(...step)
    else history.replaceState(...step)
    acted = false
    coming ||= elsewhere
  }
}
