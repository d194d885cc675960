"""`goferry diagnostics`: a zip that opens, tells what happened, and holds no secret and no address."""

from __future__ import annotations

import asyncio
import json
import zipfile
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_diagnostics import diagnose
from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.paths import Home
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore, secret_key
from desktop.cli.main import main
from desktop.hosts import Host

SECRETS = {
    "env": "from-the-environment",
    "store": "kept-in-the-store",
    "url": "p4ssInAnAddress",
    "log": "written-into-the-log",
    "typed": "typed-as-a-secret",
    "key": "b3BlbnNzaC1rZXktdjEA",
    "project": "secret-of-the-project",
}


def furnish(home: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """A person's Goferry with a secret in every corner."""
    project = home / "张三的项目"
    project.mkdir(parents=True)
    (project / "goferry.yaml").write_text(
        "name: orders\nenvironments:\n  prod: { hosts: [web-1], secrets: [DB_CODE] }\n", encoding="utf-8"
    )
    monkeypatch.setenv("DEPLOY_TOKEN", SECRETS["env"])
    store = MemoryStore()
    store.put(secret_key("host", "web-1", "password"), Secret(SECRETS["store"]))
    store.put(secret_key("env", "orders", "prod", "DB_CODE"), Secret(SECRETS["project"]))
    app = App(Home(home), secrets=store)
    app.settings.change(
        goproxy=f"https://zhang:{SECRETS['url']}@goproxy.example.com", projects=(str(project),)
    )
    app.inventory.add(Host("web-1", "192.0.2.10", user="zhang", auth="password"))
    log = home / "logs" / "goferry.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(
        f"INFO DB_PASSWORD={SECRETS['log']} and more\nINFO store said {SECRETS['store']} {SECRETS['project']}\n"
        f"INFO zhang@192.0.2.10 没有回应\n",
        encoding="utf-8",
    )
    return app


async def job_with_secrets(app: App) -> None:
    async def work(job: Job[None]) -> None:
        job.say(f"password is {Secret(SECRETS['typed'])}, 张三", "web-1")
        for line in (
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            SECRETS["key"],
            "-----END OPENSSH PRIVATE KEY-----",
        ):
            job.say(line, "web-1")
        job.say(f"token {SECRETS['env']} refused by 192.0.2.10")
        raise GoferryError(
            "It broke.", "No answer.", "Try again.", detail=f"git pull https://x:{SECRETS['url']}@h/r"
        )

    job = app.jobs.start("deploy", "Deploy 订单", work, subject="orders")
    with pytest.raises(GoferryError):
        await job.wait()


def test_no_planted_secret_and_no_address_gets_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> tuple[dict[str, str], dict[str, str]]:
        async with furnish(tmp_path / "家", monkeypatch) as app:
            await job_with_secrets(app)
            plain, whole = await diagnose(app), await diagnose(app, addresses=True)
            return {p.name: p.text for p in plain.parts}, {p.name: p.text for p in whole.parts}

    plain, whole = asyncio.run(story())
    for texts in (plain, whole):
        for where, secret in SECRETS.items():
            assert [name for name, text in texts.items() if secret in text] == [], where
    assert [name for name, text in plain.items() if "192.0.2.10" in text or "zhang@" in text] == []
    assert "‹web-1›" in plain["servers.json"]
    assert "192.0.2.10" in whole["servers.json"]
    assert "zhang@192.0.2.10 没有回应" in whole["goferry.log"]
    assert "没有回应" in plain["goferry.log"]
    assert "Deploy 订单" in plain["jobs.txt"]
    assert "It broke." in plain["jobs.txt"]
    assert "张三的项目" in plain["settings.json"]


def test_the_zip_opens_and_holds_what_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = tmp_path / "诊断 信息.zip"
    words = ["--home", str(tmp_path / "家"), "--json", "diagnostics"]
    assert main([*words, "--output", str(wanted)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["path"] == str(wanted)
    with zipfile.ZipFile(wanted) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == answer["files"]
        assert "goferry" in json.loads(archive.read("versions.json"))
        checks = json.loads(archive.read("checks.json"))
    assert {"go", "engine"} <= {check["id"] for check in checks}
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".part"] == []


def test_the_texts_can_be_read_without_writing_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--home", str(tmp_path / "home"), "--lang", "zh", "diagnostics", "--show"]) == 0
    assert "---- settings.json" in capsys.readouterr().out
    assert list(tmp_path.glob("*.zip")) == []
