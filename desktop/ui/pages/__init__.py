"""The pages of the window, by key. Each is imported and made when it is first shown."""

PAGES: dict[str, str] = {
    "deploy": "desktop.ui.pages.deploy.page:DeployPage",
    "projects": "desktop.ui.pages.projects.page:ProjectsPage",
    "live": "desktop.ui.pages.live.page:LivePage",
    "settings": "desktop.ui.pages.settings.page:SettingsPage",
    "setup": "desktop.ui.pages.setup.page:SetupPage",
}
"""Key to "module:Class". The order of the navigation is in desktop/ui/navigation.py."""
