// One step of the browser's history for each act: what a page adds to the address once it has come belongs to that step.
//
// Streamlit pushes the page and its parameters one after the other, and Back would lead to the half of a step.
if (!window.oneStepAnAct) {
  window.oneStepAnAct = true
  const push = history.pushState.bind(history)
  let acted = true
  for (const act of ["pointerdown", "click", "keydown", "drop"]) addEventListener(act, () => (acted = true), true)
  history.pushState = (...step) => {
    if (acted) push(...step)
    else history.replaceState(...step)
    acted = false
  }
}
