; The installer of the Windows edition: for one person, without elevation.
;
;   makensis -DVERSION=0.1.0 -DFOLDER=app-0.1.0-12345678 -DSOURCE=dist/Goferry -DOUT=Goferry-0.1.0-setup.exe goferry.nsi
;
;   setup.exe [/S] [/PATH=1] [/SHORTCUT=0] [/D=C:\folder]      uninstall.exe [/S] [/DATA=1]
;
; The parts of a version lie in a folder of their own beside two small programs. A new version is written completely
; first; only then do the two programs change places, each by one rename. So a full disk, a kill or a power cut leaves
; the old version as it was, and a Goferry that runs goes on with its own files until it is closed.

Unicode true
Target amd64-unicode
ManifestDPIAware true
ManifestLongPathAware true
RequestExecutionLevel user

!include "MUI2.nsh"
!include "FileFunc.nsh"
!include "LogicLib.nsh"
!include "WinVer.nsh"
!include "WinMessages.nsh"
!include "Sections.nsh"
!insertmacro GetParameters
!insertmacro GetOptions

!ifndef COMPRESSOR
  !define COMPRESSOR "/SOLID lzma"
!endif
SetCompressor ${COMPRESSOR}
!ifdef SIGN
  !uninstfinalize '${SIGN} "%1"' = 0
!endif

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Goferry"
!define OWN "Software\Goferry"
!define WHOLE "whole"
!define REPLACE_EXISTING 1
!define WRITE_THROUGH 8
!define MUTEX "Goferry set-up" ; as of desktop/base/editions.py
!define PATIENCE_MS 10000
!define WAIT_TIMEOUT 258
!define CLOSING 20 ; quarters of a second
!define NUMBERS 32768 ; bytes for the numbers of all processes
!define ASK_LITTLE 0x1000 ; PROCESS_QUERY_LIMITED_INFORMATION
!define FOLDERS_TOO 0x02000000 ; FILE_FLAG_BACKUP_SEMANTICS
!define READ_WRITE 0xC0000000
!define LOCKED_AT 0x40000000 ; as of desktop/base/filelock.py

Name "Goferry"
OutFile "${OUT}"
BrandingText "Goferry ${VERSION}"
InstallDir "$LOCALAPPDATA\Programs\Goferry"
InstallDirRegKey HKCU "${OWN}" "InstallDir"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Goferry"
VIAddVersionKey "FileDescription" "Goferry ${VERSION} setup"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "Apache License 2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
; made from side.svg beside it, in twice the size of the page's part: pages of a finer screen are larger
!define MUI_WELCOMEFINISHPAGE_BITMAP "${SIDE}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\goferryw.exe"
!define MUI_COMPONENTSPAGE_NODESC
!insertmacro MUI_PAGE_LICENSE "${LICENCE}"
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!define MUI_PAGE_CUSTOMFUNCTION_SHOW un.HideSpace
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString Program ${LANG_ENGLISH} "Goferry"
LangString Program ${LANG_SIMPCHINESE} "Goferry"
LangString StartMenu ${LANG_ENGLISH} "Start menu entry"
LangString StartMenu ${LANG_SIMPCHINESE} "“开始”菜单项"
LangString OnPath ${LANG_ENGLISH} "Command goferry in every console (PATH)"
LangString OnPath ${LANG_SIMPCHINESE} "在所有控制台中可用 goferry 命令（PATH）"
LangString UserData ${LANG_ENGLISH} "Settings, servers and history of this user"
LangString UserData ${LANG_SIMPCHINESE} "该用户的设置、服务器和历史记录"
LangString TooOld ${LANG_ENGLISH} "Goferry needs a 64-bit Windows 10 or newer."
LangString TooOld ${LANG_SIMPCHINESE} "Goferry 需要 64 位的 Windows 10 或更新版本。"
LangString NotWritten ${LANG_ENGLISH} "Goferry could not be written to $INSTDIR.$\n$\nThe disk may be full, or the folder may not be written to. Nothing was changed: the version that was there before still starts.$\n$\nFree some space or choose another folder, then start this setup again."
LangString NotWritten ${LANG_SIMPCHINESE} "无法将 Goferry 写入 $INSTDIR。$\n$\n磁盘可能已满，或者该文件夹不可写。没有更改任何内容：之前的版本仍可启动。$\n$\n请释放一些空间或选择其他文件夹，然后重新运行此安装程序。"
LangString OtherSetup ${LANG_ENGLISH} "Another setup of Goferry is at work. Wait until it is done, then try again."
LangString OtherSetup ${LANG_SIMPCHINESE} "另一个 Goferry 安装程序正在运行。请等待它完成后重试。"
LangString StillRuns ${LANG_ENGLISH} "Goferry is running, or a program that it keeps running on this computer.$\n$\nClose Goferry's window, then choose Retry: such programs are ended, too."
LangString StillRuns ${LANG_SIMPCHINESE} "Goferry 正在运行，或者它让某个程序在本机上持续运行。$\n$\n请关闭 Goferry 的窗口，然后点击“重试”：这些程序也会结束。"

Function .onInit
  ${IfNot} ${AtLeastWin10}
    MessageBox MB_OK|MB_ICONSTOP "$(TooOld)" /SD IDOK
    SetErrorLevel 3
    Quit
  ${EndIf}
  Call BeTheOnlyOne
  Call ReadOptions
FunctionEnd

; Two that write side by side would take away each other's files. One that was killed holds nobody up.
Function BeTheOnlyOne
  System::Call 'kernel32::CreateMutexW(p 0, i 0, w "${MUTEX}") p .r0'
  System::Call 'kernel32::WaitForSingleObject(p r0, i ${PATIENCE_MS}) i .r1'
  ${If} $1 == ${WAIT_TIMEOUT}
    MessageBox MB_OK|MB_ICONSTOP "$(OtherSetup)" /SD IDOK
    SetErrorLevel 5
    Quit
  ${EndIf}
FunctionEnd

; A build for tests (-DPOINTS) waits at the point that GOFERRY_SETUP_STOP names, to be killed there.
!macro Point NAME
  !ifdef POINTS
    ReadEnvStr $9 "GOFERRY_SETUP_STOP"
    ${If} $9 == "${NAME}"
      FileOpen $9 "$TEMP\goferry-setup-stopped" w
      FileClose $9
      Sleep 3600000
    ${EndIf}
  !endif
!macroend

; ------------------------------------------------------------------------------------------ installing

Section "$(Program)" SectionProgram
  SectionIn RO
  ; A file that is whole has the date it was packed with, and is left alone: so a second set-up of this very build can
  ; be killed too. What a killed one left half has another date.
  SetOverwrite ifdiff
  ClearErrors
  SetOutPath "$INSTDIR\${FOLDER}"
  File /r "${SOURCE}/${FOLDER}/*"
  SetOutPath "$INSTDIR"
  SetOverwrite on
  File "/oname=goferry.exe.new" "${SOURCE}/goferry.exe"
  File "/oname=goferryw.exe.new" "${SOURCE}/goferryw.exe"
  File "/oname=LICENSE.txt" "${LICENCE}"
  WriteUninstaller "$INSTDIR\uninstall.exe.new"
  ${If} ${Errors}
    Call GiveUp
  ${EndIf}
  !insertmacro Point "written"
  StrCpy $R8 "new"
  ${If} ${FileExists} "$INSTDIR\${FOLDER}\${WHOLE}"
    StrCpy $R8 "again"
  ${EndIf}
  FileOpen $0 "$INSTDIR\${FOLDER}\${WHOLE}" w
  FileClose $0
  Push "goferryw.exe"
  Call ChangePlaces
  Pop $0
  ${If} $0 == 0
    ${If} $R8 == "new"
      Delete "$INSTDIR\${FOLDER}\${WHOLE}"
    ${EndIf}
    Call GiveUp
  ${EndIf}
  !insertmacro Point "one-exchanged"
  Push "goferry.exe"
  Call ChangePlaces
  Pop $0
  ${If} $0 == 0
    Call GiveUp
  ${EndIf}
  Push "uninstall.exe"
  Call ChangePlaces
  Pop $0
  !insertmacro Point "exchanged"
  Call RemoveOlder

  WriteRegStr HKCU "${OWN}" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Goferry"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\goferryw.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "${PUBLISHER}"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${KILOBYTES}
  WriteRegStr HKCU "Software\Microsoft\Windows\CurrentVersion\App Paths\goferry.exe" "" "$INSTDIR\goferry.exe"
SectionEnd

Section "$(StartMenu)" SectionStartMenu
  CreateShortcut "$SMPROGRAMS\Goferry.lnk" "$INSTDIR\goferryw.exe"
SectionEnd

Section /o "$(OnPath)" SectionOnPath
  ReadRegStr $0 HKCU "Environment" "Path"
  ${If} $0 == ""
    WriteRegExpandStr HKCU "Environment" "Path" "$INSTDIR"
  ${Else}
    StrLen $1 $0
    ; one that fills this program's longest text may be cut: it is left as it is
    ${If} $1 < ${NSIS_MAX_STRLEN}
      Push $0
      Call HasFolder
      Pop $1
      ${If} $1 == "no"
        WriteRegExpandStr HKCU "Environment" "Path" "$0;$INSTDIR"
      ${EndIf}
    ${EndIf}
  ${EndIf}
  SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000
SectionEnd

; /PATH=1 and /SHORTCUT=0 choose the sections of a silent set-up
Function ReadOptions
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/PATH=" $1
  ${IfNot} ${Errors}
  ${AndIf} $1 == "1"
    !insertmacro SelectSection ${SectionOnPath}
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/SHORTCUT=" $1
  ${IfNot} ${Errors}
  ${AndIf} $1 == "0"
    !insertmacro UnselectSection ${SectionStartMenu}
  ${EndIf}
  ClearErrors
FunctionEnd

Function GiveUp
  Call TakeBack
  MessageBox MB_OK|MB_ICONSTOP "$(NotWritten)" /SD IDOK
  SetErrorLevel 2
  Quit
FunctionEnd

; What was written of a version that cannot be had whole. The one that is installed is not touched, be it this very
; version: one of the programs may use the folder as soon as it is called whole.
Function TakeBack
  Delete "$INSTDIR\goferry.exe.new"
  Delete "$INSTDIR\goferryw.exe.new"
  Delete "$INSTDIR\uninstall.exe.new"
  SetOutPath "$TEMP"
  ${IfNot} ${FileExists} "$INSTDIR\${FOLDER}\${WHOLE}"
    RMDir /r "$INSTDIR\${FOLDER}"
  ${EndIf}
  ${IfNot} ${FileExists} "$INSTDIR\goferryw.exe"
    Delete "$INSTDIR\LICENSE.txt"
    RMDir "$INSTDIR"
  ${EndIf}
FunctionEnd

; a disk that is full in the middle of a file ends the section at once
Function .onInstFailed
  Call TakeBack
  SetErrorLevel 2
FunctionEnd

; NAME on the stack: NAME.new becomes NAME; leaves 0 where it could not. One that runs cannot be replaced, but it can be
; renamed: for an instant there is none of that name, and the next set-up puts it there. A virus scanner may hold what is
; new for some seconds.
Function ChangePlaces
  Pop $0
  StrCpy $3 0
  ${Do}
    System::Call 'kernel32::MoveFileExW(w "$INSTDIR\$0.new", w "$INSTDIR\$0", i ${REPLACE_EXISTING}|${WRITE_THROUGH}) i .r1'
    ${If} $1 != 0
      ${ExitDo}
    ${EndIf}
    System::Call 'kernel32::GetTickCount() i .r2'
    ClearErrors
    Rename "$INSTDIR\$0" "$INSTDIR\$0.$2.old"
    ${IfNot} ${Errors}
      !insertmacro Point "renamed"
      System::Call 'kernel32::MoveFileExW(w "$INSTDIR\$0.new", w "$INSTDIR\$0", i ${REPLACE_EXISTING}|${WRITE_THROUGH}) i .r1'
      ${If} $1 != 0
        ${ExitDo}
      ${EndIf}
      Rename "$INSTDIR\$0.$2.old" "$INSTDIR\$0"
    ${EndIf}
    Sleep 250
    IntOp $3 $3 + 1
  ${LoopUntil} $3 = 40
  ${If} $1 == 0
    Delete "$INSTDIR\$0.new"
  ${EndIf}
  ClearErrors
  Push $1
FunctionEnd

; Earlier versions go, except one that runs: it is removed next time.
Function RemoveOlder
  Delete "$INSTDIR\*.old"
  FindFirst $0 $1 "$INSTDIR\app-*"
  ${DoWhile} $1 != ""
    ${If} $1 != "${FOLDER}"
      ; a library that is in use cannot be opened for writing
      ClearErrors
      FileOpen $2 "$INSTDIR\$1\python311.dll" a
      ${IfNot} ${Errors}
        FileClose $2
        RMDir /r "$INSTDIR\$1"
      ${ElseIfNot} ${FileExists} "$INSTDIR\$1\python311.dll"
        RMDir /r "$INSTDIR\$1"
      ${EndIf}
    ${EndIf}
    FindNext $0 $1
  ${Loop}
  FindClose $0
  ClearErrors
FunctionEnd

!macro HasFolderIn Un
; a Path on the stack: leaves "yes" or "no", and in $R0 the Path without $INSTDIR
Function ${Un}HasFolder
  Exch $0
  Push $1
  Push $2
  Push $3
  Push $4
  StrCpy $3 "no"
  StrCpy $R0 ""
  ${Do}
    StrCpy $1 0
    ${Do}
      StrCpy $2 $0 1 $1
      ${If} $2 == ";"
      ${OrIf} $2 == ""
        ${ExitDo}
      ${EndIf}
      IntOp $1 $1 + 1
    ${Loop}
    StrCpy $4 $0 $1
    IntOp $1 $1 + 1
    StrCpy $0 $0 "" $1
    ${If} $4 == "$INSTDIR"
      StrCpy $3 "yes"
    ${ElseIf} $4 != ""
      ${If} $R0 == ""
        StrCpy $R0 $4
      ${Else}
        StrCpy $R0 "$R0;$4"
      ${EndIf}
    ${EndIf}
    ${If} $2 == ""
      ${ExitDo}
    ${EndIf}
  ${Loop}
  StrCpy $0 $3
  Pop $4
  Pop $3
  Pop $2
  Pop $1
  Exch $0
FunctionEnd
!macroend
!insertmacro HasFolderIn ""
!insertmacro HasFolderIn "un."

; ---------------------------------------------------------------------------------------- uninstalling

Section "un.$(Program)" SectionUnProgram
  SectionIn RO
  ; First of all whether anything is open that only a person may close: who is refused finds all as it was.
  ${If} ${Silent}
    StrCpy $R7 "asked"
  ${Else}
    StrCpy $R7 ""
  ${EndIf}
  ${Do}
    ${If} $R7 == "asked"
      Call un.AwaitOthers
      Pop $0
      ${If} $0 == "no"
        Call un.EndPrograms
      ${EndIf}
    ${EndIf}
    Call un.Runs
    Pop $0
    ${If} $0 == "no"
      ${ExitDo}
    ${EndIf}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(StillRuns)" /SD IDCANCEL IDRETRY again
    SetErrorLevel 4
    Quit
    again:
    StrCpy $R7 "asked"
  ${Loop}
  FindFirst $0 $1 "$INSTDIR\app-*"
  ${DoWhile} $1 != ""
    RMDir /r "$INSTDIR\$1"
    FindNext $0 $1
  ${Loop}
  FindClose $0
  Delete "$INSTDIR\goferry.exe"
  Delete "$INSTDIR\goferryw.exe"
  Delete "$INSTDIR\*.new"
  Delete "$INSTDIR\*.old"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR" ; not /r: what a person put there stays
  Delete "$SMPROGRAMS\Goferry.lnk"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "${OWN}"
  DeleteRegKey HKCU "Software\Microsoft\Windows\CurrentVersion\App Paths\goferry.exe"
  ReadRegStr $0 HKCU "Environment" "Path"
  StrLen $1 $0
  ${If} $0 != ""
  ${AndIf} $1 < ${NSIS_MAX_STRLEN}
    Push $0
    Call un.HasFolder
    Pop $1
    ${If} $1 == "yes"
      ${If} $R0 == ""
        DeleteRegValue HKCU "Environment" "Path"
      ${Else}
        WriteRegExpandStr HKCU "Environment" "Path" "$R0"
      ${EndIf}
      SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000
    ${EndIf}
  ${EndIf}
SectionEnd

Section /o "un.$(UserData)" SectionUnData
  RMDir /r "$LOCALAPPDATA\Goferry"
  RMDir /r "$APPDATA\Goferry"
SectionEnd

; Leaves "yes" or "no": a program that runs cannot be opened for writing. One that was replaced meanwhile has another name.
Function un.Runs
  StrCpy $0 "no"
  FindFirst $7 $8 "$INSTDIR\goferry*"
  ${DoWhile} $8 != ""
    ClearErrors
    FileOpen $9 "$INSTDIR\$8" a
    ${If} ${Errors}
      StrCpy $0 "yes"
    ${Else}
      FileClose $9
    ${EndIf}
    FindNext $7 $8
  ${Loop}
  FindClose $7
  ClearErrors
  Push $0
FunctionEnd

; Leaves "yes" or "no": whether more of our programs run than the supervisors of "Run here": a window, or a command. Each
; supervisor holds the lock of its release (desktop/release/filelock.py). One that is closing has some seconds for it.
Function un.AwaitOthers
  StrCpy $6 0
  ${Do}
    Call un.CountRunning
    Call un.CountKept
    ${If} $R5 <= $R6
      ${ExitDo}
    ${EndIf}
    Sleep 250
    IntOp $6 $6 + 1
  ${LoopUntil} $6 = ${CLOSING}
  StrCpy $0 "no"
  ${If} $R5 > $R6
    StrCpy $0 "yes"
  ${EndIf}
  Push $0
FunctionEnd

; $R5: how many programs run that lie in this folder, whatever they were renamed to.
Function un.CountRunning
  StrCpy $R5 0
  StrCpy $5 "$INSTDIR"
  ; the folder as the system itself writes it: not by a substituted drive or a link
  System::Call 'kernel32::CreateFileW(w "$INSTDIR", i 0, i 7, p 0, i 3, i ${FOLDERS_TOO}, p 0) p .r1'
  ${If} $1 P<> -1
    System::Call 'kernel32::GetFinalPathNameByHandleW(p r1, w .r2, i ${NSIS_MAX_STRLEN}, i 0) i .r3'
    System::Call 'kernel32::CloseHandle(p r1)'
    StrCpy $4 $2 4
    ${If} $3 > 4
    ${AndIf} $4 == "\\?\"
      StrCpy $5 $2 "" 4
    ${EndIf}
  ${EndIf}
  StrCpy $5 "$5\goferry"
  StrLen $8 $5
  System::Alloc ${NUMBERS}
  Pop $1
  System::Call 'kernel32::K32EnumProcesses(p r1, i ${NUMBERS}, *i .r2) i .r3'
  ${If} $3 = 0
    StrCpy $2 0
  ${EndIf}
  IntPtrOp $2 $1 + $2
  StrCpy $3 $1
  ${DoWhile} $3 P< $2
    System::Call '*$3(i .r4)'
    System::Call 'kernel32::OpenProcess(i ${ASK_LITTLE}, i 0, i r4) p .r4'
    ${If} $4 P<> 0
      System::Call 'kernel32::QueryFullProcessImageNameW(p r4, i 0, w .r7, *i ${NSIS_MAX_STRLEN} r9) i .r9'
      System::Call 'kernel32::CloseHandle(p r4)'
      StrCpy $7 $7 $8
      ${If} $9 <> 0
      ${AndIf} $7 == $5
        IntOp $R5 $R5 + 1
      ${EndIf}
    ${EndIf}
    IntPtrOp $3 $3 + 4
  ${Loop}
  System::Free $1
FunctionEnd

; $R6: how many supervisors hold their lock.
Function un.CountKept
  StrCpy $R6 0
  FindFirst $1 $2 "$LOCALAPPDATA\Goferry\native\*"
  ${DoWhile} $2 != ""
    FindFirst $3 $4 "$LOCALAPPDATA\Goferry\native\$2\*"
    ${DoWhile} $4 != ""
      StrCpy $5 "$LOCALAPPDATA\Goferry\native\$2\$4\alive"
      ${If} ${FileExists} $5
        System::Call 'kernel32::CreateFileW(w r5, i ${READ_WRITE}, i 7, p 0, i 3, i 0, p 0) p .r7'
        ${If} $7 P<> -1
          System::Call 'kernel32::LockFile(p r7, i ${LOCKED_AT}, i 0, i 1, i 0) i .r8'
          System::Call 'kernel32::CloseHandle(p r7)'
          ${If} $8 = 0
            IntOp $R6 $R6 + 1
          ${EndIf}
        ${EndIf}
      ${EndIf}
      FindNext $3 $4
    ${Loop}
    FindClose $3
    FindNext $1 $2
  ${Loop}
  FindClose $1
FunctionEnd

; Programs of "Run here" are kept going by supervisors, which are Goferry's own programs, long after its window is
; closed. Each is asked to stop, as desktop/release/supervise.py wants it, and has some seconds for it.
Function un.EndPrograms
  FindFirst $1 $2 "$LOCALAPPDATA\Goferry\native\*"
  ${DoWhile} $2 != ""
    FindFirst $3 $4 "$LOCALAPPDATA\Goferry\native\$2\*"
    ${DoWhile} $4 != ""
      ${If} ${FileExists} "$LOCALAPPDATA\Goferry\native\$2\$4\alive"
        FileOpen $5 "$LOCALAPPDATA\Goferry\native\$2\$4\stop" w
        FileClose $5
      ${EndIf}
      FindNext $3 $4
    ${Loop}
    FindClose $3
    FindNext $1 $2
  ${Loop}
  FindClose $1
  StrCpy $6 0
  ${Do}
    Call un.Runs
    Pop $5
    ${If} $5 == "no"
      ${ExitDo}
    ${EndIf}
    Sleep 250
    IntOp $6 $6 + 1
  ${LoopUntil} $6 = 60
FunctionEnd

; To remove needs no space, whatever the page would say.
Function un.HideSpace
  ShowWindow $mui.ComponentsPage.SpaceRequired ${SW_HIDE}
FunctionEnd

Function un.onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/DATA=" $1
  ${IfNot} ${Errors}
  ${AndIf} $1 == "1"
    !insertmacro SelectSection ${SectionUnData}
  ${EndIf}
  ClearErrors
FunctionEnd
