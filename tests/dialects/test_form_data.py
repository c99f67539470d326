"""Form data in parts, as any client may send it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reprieve.dialects import form_data

KIND = "multipart/form-data; boundary=b"
NAMES = st.text(st.characters(min_codepoint=48, max_codepoint=122, exclude_characters="\\;`^[]<=>?@:"), min_size=1)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="-"))


def written(fields: list[tuple[str, str]]) -> bytes:
    parts = (f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields)
    return ("".join(parts) + "--b--\r\n").encode()


@given(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=5))
def test_what_was_written_is_read(fields: list[tuple[str, str]]) -> None:
    assert form_data.of_parts(KIND, written(fields)) == fields


@given(
    st.text(), st.binary() | st.lists(st.sampled_from([b"--b", b"--b--", b"\r\n", b"a: b", b";", b"="])).map(b"".join)
)
def test_any_body_of_any_type_is_read_as_something(kind: str, body: bytes) -> None:
    for content_type in (KIND, kind, f"multipart/form-data; boundary={kind}"):
        assert all(isinstance(text, str) for field in form_data.of_parts(content_type, body) for text in field)
        assert all(isinstance(value, bytes) for _, value in form_data.bytes_of_parts(content_type, body))


@given(st.lists(st.tuples(NAMES, st.binary()), min_size=1, max_size=5))
def test_the_bytes_of_a_part_are_those_that_were_sent(fields: list[tuple[str, bytes]]) -> None:
    boundary = "-" + "".join(bytes(value).hex() for _, value in fields)[:40] + "-end"
    head = f"--{boundary}\r\nContent-Disposition: form-data; name=".encode()
    parts = (head + f'"{name}"\r\n\r\n'.encode() + value + b"\r\n" for name, value in fields)
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    assert form_data.bytes_of_parts(f'multipart/form-data; boundary="{boundary}"', body) == fields


def test_parts_of_parts_are_no_fields_however_deep_they_are() -> None:
    level = b'--%d\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: multipart/x; boundary=%d\r\n\r\n'
    body = b"".join(level % (at, at + 1) for at in range(200))
    assert form_data.of_parts("multipart/form-data; boundary=0", body) == []


def test_a_field_without_a_name_or_with_one_in_another_charset_is_left_out() -> None:
    other = b"--b\r\nContent-Disposition: form-data; name*=utf-8''a\r\n\r\n1\r\n"
    nameless = b"--b\r\n\r\n1\r\n"
    assert form_data.of_parts(KIND, other + nameless + written([("a", "2")])) == [("a", "2")]


def test_the_type_is_known_by_its_name_alone() -> None:
    assert form_data.is_in_parts("Multipart/Form-Data ; boundary=b")
    assert not any(map(form_data.is_in_parts, ("", "multipart/mixed", "multipart/form-datas", "text/plain")))
