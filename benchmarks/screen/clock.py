"""The clock in the browser: from the event to the first frame that shows the answer."""

from collections.abc import Callable

from playwright.sync_api import Page

from benchmarks.rows import Seen

PATIENCE = 180.0  # seconds

Tell = Callable[[str], None]
Measured = list[Seen]

# Streamlit's components live in shadow trees, which querySelector does not look into.
_EVERYTHING = """
    const everything = (root, selector) => {
        const found = [...root.querySelectorAll(selector)]
        for (const element of root.querySelectorAll("*"))
            if (element.shadowRoot) found.push(...everything(element.shadowRoot, selector))
        return found
    }
"""
_CLOCK = (
    "([event, done, patience]) => {"
    + _EVERYTHING
    + """
    const atRest = () => document.querySelector("[data-test-script-state=notRunning]") !== null
    const condition = new Function("everything", "atRest", "return " + done)
    window.labSeen = new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`not seen after ${event} in ${patience} s: ${done}`)), 1000 * patience)
        window.addEventListener(event, () => {
            const started = performance.now()
            const look = () => {
                if (condition(everything, atRest)) resolve((performance.now() - started) / 1000)
                else requestAnimationFrame(look)
            }
            requestAnimationFrame(look)
        }, { capture: true, once: true })
    })
}"""
)


def seconds_until(page: Page, event: str, done: str, act: Callable[[], None]) -> float:
    """Return the seconds from the next ``event`` that ``act`` causes to the first frame in which ``done`` holds.

    ``done`` is an expression of JavaScript; it may use ``everything(document, selector)``, which finds elements in
    shadow trees too, and ``atRest()``, which says that the page's script has ended. Raises playwright's Error where it
    never holds.
    """
    page.evaluate(_CLOCK, [event, done, PATIENCE])
    act()
    return float(page.evaluate("() => window.labSeen"))


def text_now(page: Page, expression: str) -> str:
    """Return what an expression that may use ``everything`` comes to now, as text."""
    return str(page.evaluate(f"() => {{ {_EVERYTHING} return {expression} }}"))


def picture_changed(alt: str, before: str) -> str:
    """Return the expression for: the picture whose alternative text begins with ``alt`` is another one than before."""
    return (
        f"everything(document, 'img').some(image => image.alt.startsWith({alt!r}) && image.complete "
        f"&& image.naturalWidth > 0 && image.src + image.alt !== {before!r})"
    )


def picture_now(page: Page, alt: str) -> str:
    """Return what `picture_changed` compares: a picture's source and its alternative text."""
    picture = page.locator(f"img[alt^='{alt}']").first
    picture.wait_for()
    return str(picture.evaluate("image => image.src + image.alt"))
