"""The pages of the window, by key. Each is imported and made when it is first shown."""

PAGES: dict[str, str] = {
    "hosts": "desktop.ui.pages.hosts.page:HostsPage",
    "build": "desktop.ui.pages.build.page:BuildPage",
    "deploy": "desktop.ui.pages.deploy.page:DeployPage",
    "projects": "desktop.ui.pages.projects.page:ProjectsPage",
    "new_project": "desktop.ui.pages.new_project.page:NewProjectPage",
    "live": "desktop.ui.pages.live.page:LivePage",
    "consistency": "desktop.ui.pages.consistency.page:ConsistencyPage",
    "settings": "desktop.ui.pages.settings.page:SettingsPage",
    "host_setup": "desktop.ui.pages.host_setup.page:HostSetupPage",
    "setup": "desktop.ui.pages.setup.page:SetupPage",
}
"""Key to "module:Class". The order of the navigation is in desktop/ui/navigation.py."""
