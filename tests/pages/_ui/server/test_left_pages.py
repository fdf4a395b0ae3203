"""What a fragment says when its page has been left comes too late; everything else does not."""

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages._ui.server.left_pages import LeftPages


def test_a_page_is_left_until_it_is_gone_to_again() -> None:
    pages = LeftPages()
    pages.go_to("classify")
    assert not pages.is_left("classify")
    pages.go_to("convolution")
    assert pages.is_left("classify")
    assert not pages.is_left("convolution")
    pages.go_to("classify")
    assert not pages.is_left("classify")


def test_where_nobody_knows_the_page_none_is_left() -> None:
    pages = LeftPages()
    pages.go_to("")  # a browser that opens the lab names none
    assert not pages.is_left("classify")
    pages.go_to("classify")
    pages.go_to("")
    assert not pages.is_left("classify")
    assert pages.is_left("convolution")


def test_a_fragment_is_gone_where_the_page_was_drawn_anew_without_it() -> None:
    pages, begins, in_a_fragment = LeftPages(), ForwardMsg(), ForwardMsg()
    begins.new_session.SetInParent()
    in_a_fragment.new_session.SetInParent()
    in_a_fragment.metadata.run.fragment_ids.append("chart")

    def draw(fragment: str) -> None:
        said = ForwardMsg()
        said.delta.fragment_id = fragment
        pages.note(said)

    draw("chart")
    assert not pages.is_gone("camera"), "nobody knows yet"
    pages.note(begins)
    draw("chart")
    pages.note(in_a_fragment)
    draw("inside it")
    assert [each for each in ("chart", "inside it", "camera") if pages.is_gone(each)] == ["camera"]
    stopped = ForwardMsg()
    stopped.stop_auto_rerun.fragment_ids.append("inside it")
    pages.note(stopped)
    assert pages.is_gone("inside it")
    pages.note(begins)
    assert pages.is_gone("chart")
