"""What set-up does beyond what it must: each choice is a step of its own, shown in the plan before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.base.words import tr
from desktop.hosts import BadHostField, check_user
from desktop.ui.widgets import Field, Text, button, check_box, column, label, line, row
from desktop.ui.widgets.sheets import Sheet

from .sheets import folder_error

if TYPE_CHECKING:
    from desktop.hosts.setup import Wish


class ChoicesSheet(Sheet):
    """Accepts with the fields of a Wish and their new values, for one server or for several."""

    def __init__(self, wish: Wish) -> None:
        super().__init__(
            lambda: tr("What set-up does besides"), name="host_setup.choices",
            primary=lambda: tr("Plan again"), width=560, scrolls=True,
        )  # fmt: skip
        self._wish = wish
        self.boxes = self._make_boxes(wish)
        self.user = Field(
            lambda: tr("A user for deploys, with a key of its own"), name="host_setup.choices.user",
            value=wish.deploy_user, placeholder="deploy",
        )  # fmt: skip
        self.root_folder = Field(
            lambda: tr("Folder for Docker's data, where the usual one is too small"), name="host_setup.choices.data",
            value=wish.data_root, mono=True, placeholder="/data/docker",
        )  # fmt: skip
        self.archive = Field(
            lambda: tr("Docker to send from this computer: an archive, an RPM or a folder of RPMs"),
            name="host_setup.choices.archive", value=str(wish.archive or ""), mono=True,
        )  # fmt: skip
        self.browse = button(lambda: tr("Browse…"), name="host_setup.choices.browse", small=True)
        self.browse.clicked.connect(self._browse)
        self.checksum = Field(
            lambda: tr("Its SHA-256, where Goferry does not know it"), name="host_setup.choices.checksum",
            value=wish.archive_sha256, mono=True,
        )  # fmt: skip
        for part in (*self._rows(), line(), self.user, self.root_folder, line()):
            self.body.addWidget(part)
        files = row(spacing=8)
        files.addWidget(self.archive, 1)
        files.addLayout(column(None, self.browse, 4))
        self.body.addLayout(files)
        self.body.addWidget(self.checksum)
        self.body.addStretch(1)

    def _make_boxes(self, wish: Wish) -> dict[str, Any]:
        texts: dict[str, tuple[Text, Text]] = {
            "log_rotation": (lambda: tr("Rotate Docker's logs"), ""),
            "live_restore": (lambda: tr("Containers go on while Docker restarts"), ""),
            "loopback": (
                lambda: tr("Published ports listen on 127.0.0.1 only, unless an address is given"), "",
            ),
            "clean_images": (
                lambda: tr("Clean old images of ours every day"),
                lambda: tr("Those that Goferry brought over 30 days ago and no container uses."),
            ),
            "time_service": (lambda: tr("Install chrony where nothing keeps the clock"), ""),
            "set_clock": (lambda: tr("Set the clock by this computer's where no time service does"), ""),
            "no_password_login": (
                lambda: tr("Let sshd refuse passwords"),
                lambda: tr("The server takes it back by itself when the next sign-in by key fails."),
            ),
            "restart_allowed": (lambda: tr("Docker may be restarted although containers run"), ""),
        }  # fmt: skip
        self._notes = {key: note for key, (_, note) in texts.items() if note}
        return {
            key: check_box(text, name=f"host_setup.choices.{key}", on=bool(getattr(wish, key)))
            for key, (text, _) in texts.items()
        }

    def _rows(self) -> list[QWidget]:
        found: list[QWidget] = []
        for key, box in self.boxes.items():
            found.append(box)
            if key in self._notes:
                note = label(self._notes[key], "caption", "secondary", wrap=True)
                note.setContentsMargins(26, 0, 0, 0)
                found.append(note)
        return found

    def _browse(self) -> None:
        dialog = QFileDialog(self, tr("Docker to send from this computer"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.archive.set_text)
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    def _errors(self) -> bool:
        """Shows under each field what is wrong with it."""
        user, folder, checksum = (
            self.user.text.strip(),
            self.root_folder.text.strip(),
            self.checksum.text.strip(),
        )
        try:
            check_user(user) if user else None
            self.user.set_error("")
        except BadHostField as error:
            self.user.set_error(error.why)
        self.root_folder.set_error(folder_error(folder) if folder else "")
        digits = len(checksum) == 64 and set(checksum.lower()) <= set("0123456789abcdef")
        self.checksum.set_error("" if digits or not checksum else tr("It has 64 digits, 0 to 9 and a to f."))
        return any(field.error for field in (self.user, self.root_folder, self.checksum))

    def on_primary(self) -> None:
        if self._errors():
            return
        archive = self.archive.text.strip()
        values = {
            **{key: box.isChecked() for key, box in self.boxes.items()},
            "deploy_user": self.user.text.strip(), "data_root": self.root_folder.text.strip(),
            "archive": Path(archive) if archive else None, "archive_sha256": self.checksum.text.strip().lower(),
        }  # fmt: skip
        if archive:
            values["offline"] = True
        if values["deploy_user"] != self._wish.deploy_user:
            values["deploy_key"] = ""
        self.accept({key: value for key, value in values.items() if getattr(self._wish, key) != value})
