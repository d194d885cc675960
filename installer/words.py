"""What the set-up says, in English and, where the system speaks it, in Chinese."""

import os
import sys

CHINESE = {
    "Setting Goferry up in {folder} (only the first start, and after an update).":
        "正在 {folder} 中准备 Goferry（仅首次启动和更新后需要）。",
    "Another set-up of this folder is running; waiting for it.": "此文件夹正在进行另一次准备，等待其完成。",
    "Getting uv {version}, which installs the packages.": "正在获取安装工具 uv {version}。",
    "Installing {count} packages, each checked against its hash.": "正在安装 {count} 个软件包，逐一校验哈希。",
    "Installing with apt-get: {packages}": "正在用 apt-get 安装：{packages}",
    "Ready after {seconds} s.": "准备完成，用时 {seconds} 秒。",
    "Stopped. Nothing half-made is used: the next start goes on from here.":
        "已停止。不会使用未完成的环境：下次启动将从这里继续。",
    "Commits of this clone are now checked by installer/hooks/pre-commit.":
        "此克隆的提交现在会由 installer/hooks/pre-commit 检查。",
    "Goferry could not be started: {what}": "Goferry 无法启动：{what}",
    "Why: {why}": "原因：{why}",
    "What to do: {fix}": "解决办法：{fix}",
    "The whole output is in {log}": "完整输出见 {log}",
    "Note: {what} {fix}": "提示：{what}{fix}",
    # troubles
    "The packages could not be downloaded.": "无法下载软件包。",
    "{host} does not answer.": "{host} 没有响应。",
    "Check the network and the proxy (HTTPS_PROXY), then start again. Behind a slow or closed line, name a mirror: "
    "PIP_INDEX_URL=https://mirrors.aliyun.com/pypi/simple/":
        "请检查网络和代理（HTTPS_PROXY）后重试。网络受限时可指定镜像：PIP_INDEX_URL=https://mirrors.aliyun.com/pypi/simple/",
    "The certificate of {host} is not trusted.": "{host} 的证书不受信任。",
    "This network inspects its traffic with a certificate that Python does not know.":
        "当前网络使用 Python 不认识的证书检查流量。",
    "Get the certificate file of your company and set SSL_CERT_FILE to its path, then start again.":
        "请获取公司的证书文件，将 SSL_CERT_FILE 设为其路径后重试。",
    "{host} refuses to hand out the packages.": "{host} 拒绝提供软件包。",
    "It asks for a user name and a password, or does not allow this computer.": "它需要用户名和密码，或不允许此计算机访问。",
    "Check the index address in your pip configuration (PIP_INDEX_URL, pip.conf) and the proxy.":
        "请检查 pip 配置中的索引地址（PIP_INDEX_URL、pip.conf）和代理。",
    "There is no room for Goferry's environment.": "没有足够空间存放 Goferry 的运行环境。",
    "{folder} has {free} MB free; about {needed} MB are needed.": "{folder} 剩余 {free} MB，约需 {needed} MB。",
    "The disk became full while packages were installed.": "安装软件包时磁盘已满。",
    "Free some space, or set GOFERRY_ENV to a folder on a larger disk, then start again.":
        "请释放空间，或将 GOFERRY_ENV 设为更大磁盘上的文件夹后重试。",
    "Goferry may not write to {folder}.": "Goferry 无权写入 {folder}。",
    "The system refused: {reason}": "系统拒绝：{reason}",
    "Close a running Goferry, or set GOFERRY_ENV to a folder that you may write to, then start again.":
        "请关闭正在运行的 Goferry，或将 GOFERRY_ENV 设为可写的文件夹后重试。",
    "This Python has neither pip nor venv.": "此 Python 既没有 pip 也没有 venv。",
    "Debian and Ubuntu ship them as packages of their own.": "Debian 和 Ubuntu 将它们放在单独的软件包中。",
    "Run: sudo apt-get install python3-venv, then start again.": "请运行：sudo apt-get install python3-venv，然后重试。",
    "{python} was installed without them.": "{python} 安装时未包含它们。",
    "Install Python 3.11 or newer from https://www.python.org/downloads/ and start again with it.":
        "请从 https://www.python.org/downloads/ 安装 Python 3.11 或更新版本后重试。",
    "A downloaded package is not the one that Goferry was tested with.": "下载的软件包与 Goferry 测试时使用的不同。",
    "Its hash differs from the one in uv.lock: it was damaged or altered on the way.":
        "其哈希与 uv.lock 中的不同：在传输中损坏或被修改。",
    "Start again. If it happens twice, use another package index, and tell the owner of this one.":
        "请重试。若再次出现，请更换软件包索引，并告知该索引的维护者。",
    "There is no package of {package} for this computer.": "没有适用于此计算机的 {package} 软件包。",
    "This is Python {version} on {machine}; Goferry's packages exist for 64-bit Windows 10 and newer, Linux with glibc 2.34 "
    "and newer, and macOS.":
        "当前为 {machine} 上的 Python {version}；Goferry 的软件包支持 64 位 Windows 10 及以上、glibc 2.34 及以上的 Linux 和 macOS。",
    "Install a 64-bit Python 3.11, 3.12 or 3.13 and start again with it.": "请安装 64 位 Python 3.11、3.12 或 3.13 后重试。",
    "{step} did not work.": "{step} 未成功。",
    "Its last words: {words}": "其最后输出：{words}",
    "If this does not tell you enough, send the whole output with a report.": "如仍不清楚原因，请随报告附上完整输出。",
    "This copy of Goferry is incomplete.": "此 Goferry 副本不完整。",
    "{file} is missing or damaged: {reason}": "{file} 缺失或损坏：{reason}",
    "Get a fresh clone.": "请重新克隆一份。",
    "System libraries that the window needs are missing.": "缺少窗口所需的系统库。",
    "Only root can install them: {packages}": "只有 root 才能安装：{packages}",
    "Run: sudo apt-get install {packages}": "请运行：sudo apt-get install {packages}",
    "System packages that the tests need are missing.": "缺少测试所需的系统软件包。",
    "apt-get could not install: {packages}": "apt-get 无法安装：{packages}",
    "Check the network and /etc/apt/sources.list, then start again.": "请检查网络和 /etc/apt/sources.list 后重试。",
    "This folder is not a Git clone.": "此文件夹不是 Git 克隆。",
    "git config said: {reason}": "git config 返回：{reason}",
    "Clone Goferry with git, then run this again in the clone.": "请用 git 克隆 Goferry，然后在克隆中重新运行。",
}  # fmt: skip


def speaks_chinese(arguments: list[str]) -> bool:
    """`--lang` decides, then the environment as POSIX orders it, then the language of Windows' own menus."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument[7:].lower().startswith("zh")
        if argument == "--lang" and index + 1 < len(arguments):
            return arguments[index + 1].lower().startswith("zh")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value.lower().startswith("zh")
    if sys.platform == "win32":
        import ctypes

        language: int = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        return language & 0x3FF == 0x04  # the primary language, Chinese
    return False


class Speaker:
    """Says sentences on standard error in one language; standard output belongs to what is started."""

    def __init__(self, *, chinese: bool = False, quiet: bool = False) -> None:
        self.chinese = chinese
        self.quiet = quiet

    def words(self, sentence: str, **values: object) -> str:
        return (CHINESE[sentence] if self.chinese else sentence).format(**values)

    def say(self, sentence: str, **values: object) -> None:
        """Progress: left out when the caller asked for quiet."""
        if not self.quiet:
            self.write(self.words(sentence, **values))

    def write(self, text: str) -> None:
        encoding = sys.stderr.encoding or "ascii"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)
