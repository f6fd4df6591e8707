"""A new user's first minutes in the dashboard, with a real server and a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.e2e.conftest import serving
from tests.servers import PASSWORD, SAMPLES, samples, upload

DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP)
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that must not log an error."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    yield page
    assert errors == []


def fill_account(page: Page, button: str, username: str = "ada", password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name=button).click()


def make_first_account(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("heading", name="Welcome to platewatch")).to_be_visible()
    fill_account(page, "Create the administrator")
    expect(page.get_by_role("heading", name="Sightings")).to_be_visible()


def drop(page: Page, paths: list[Path]) -> None:
    page.get_by_label("Photos to read").set_input_files(paths)


def listed(page: Page) -> list[str]:
    rows = page.get_by_role("list", name="Sightings, newest first").get_by_role("listitem")
    # The plate's text comes first, or after its region.
    return [row.inner_text().split("\n")[row.get_by_title("Region").count()].replace(" ", "") for row in rows.all()]


def test_the_first_account_a_dropped_photo_and_the_list_that_stays(page: Page, data: Path) -> None:
    path, text = samples()[0]
    with serving(data) as address:
        make_first_account(page, address)
        drop(page, [path])
        result = page.get_by_label(f"Result for {path.name}")
        expect(result.locator("polygon").first).to_be_visible(timeout=60_000)
        expect(result).to_contain_text(text)
        expect(page.get_by_role("list", name="Sightings, newest first")).to_contain_text(text)
    with serving(data) as address:
        page.goto(f"{address}/app/")
        expect(page.get_by_role("list", name="Sightings, newest first")).to_contain_text(text)


def test_several_photos_are_read_and_what_others_record_appears_by_itself(page: Page, data: Path) -> None:
    with serving(data) as address:
        make_first_account(page, address)
        chosen = samples()[:2]
        drop(page, [path for path, _ in chosen])
        rows = page.get_by_role("list", name="Sightings, newest first").get_by_role("listitem")
        expect(rows).to_have_count(2, timeout=60_000)
        with httpx2.Client(base_url=address, timeout=60) as other:
            other.post("/auth/login", json={"username": "ada", "password": PASSWORD}).raise_for_status()
            path, text = samples()[2]
            other.post("/api/v1/sightings", files=upload(path), data={"camera": "gate 7"}).raise_for_status()
        expect(rows).to_have_count(3)
        assert listed(page)[0] == text
        expect(rows.first).to_contain_text("gate 7")
        rows.first.get_by_role("link").click()
        expect(page.get_by_label(f"Sighting of {text}")).to_contain_text("gate 7")
        page.keyboard.press("Escape")
        page.get_by_label("Find a plate").fill(chosen[0][1].lower())
        expect(rows).to_have_count(1)
        assert listed(page) == [chosen[0][1]]


def test_a_vehicle_is_entered_by_a_correction_and_found_by_it(page: Page, data: Path) -> None:
    with serving(data) as address:
        make_first_account(page, address)
        with httpx2.Client(base_url=address, timeout=60) as other:
            other.post("/auth/login", json={"username": "ada", "password": PASSWORD}).raise_for_status()
            for plate in ("AB12CDE", "XY34ZZZ"):
                other.post("/api/v1/sightings/manual", json={"plate": plate}).raise_for_status()
        rows = page.get_by_role("list", name="Sightings, newest first").get_by_role("listitem")
        expect(rows).to_have_count(2)
        rows.filter(has_text="AB12CDE").get_by_role("link").click()
        page.get_by_role("button", name="Correct").click()
        form = page.get_by_role("form", name="Correction")
        form.get_by_role("combobox", name="Type").click()
        page.get_by_role("option", name="Van").click()
        form.get_by_label("Make").fill("Volkswagen")
        form.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Sighting of AB12CDE")).to_contain_text("Volkswagen van")
        expect(page.get_by_role("button", name="Correct")).to_be_focused()
        page.keyboard.press("Enter")
        form.get_by_role("button", name="Cancel").click()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Vehicle", exact=True).click()
        page.get_by_label("Make", exact=True).fill("VOLKSWAGEN")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Volkswagen van")


def test_a_photo_that_can_not_be_read_says_why(page: Page, data: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((SAMPLES / "spain.jpg").read_bytes()[:5000])
    with serving(data) as address:
        make_first_account(page, address)
        drop(page, [broken])
        expect(page.get_by_role("region", name="Photos", exact=True)).to_contain_text("damaged or cut short")


def test_a_wrong_password_is_reported_and_logging_out_closes_the_pages(page: Page, data: Path) -> None:
    with serving(data) as address:
        make_first_account(page, address)
        page.get_by_label("Account of ada").click()
        page.get_by_role("menuitem", name="Log out").click()
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        fill_account(page, "Log in", password="not the password")
        expect(page.get_by_role("alert")).to_contain_text("wrong")
        page.goto(f"{address}/app/sightings/1")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(browser: Browser, data: Path, scheme: str) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme="dark" if scheme == "dark" else "light")
    context.set_default_timeout(20_000)
    page = context.new_page()
    with serving(data) as address:
        make_first_account(page, address)
        drop(page, [samples()[0][0]])
        expect(page.locator("polygon").first).to_be_visible(timeout=60_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        is_dark = "getComputedStyle(document.documentElement).colorScheme"
        assert page.evaluate(is_dark) == scheme
    context.close()
