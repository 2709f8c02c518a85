#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual says what the programs do.

What can be read out of a program (its --help, its tables of keys and exit codes, its names on the bus, what `make install`
puts in place) is compared with its page, both ways where that makes sense. The pages are mdoc, so the source says which
word is an option, a verb, a key or a path.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/bed"))

from tapout import Tap  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build")
MAN = ROOT / "docs/man"

# Program: its page, its sources, and the verbs that its --help prints (a pattern with one group).
PROGRAMS = {
    "lekdicht": ("lekdicht.1", "cli", r"^  lekdicht ((?:[a-z]+(?:-[a-z]+)* ?)+)"),
    "lekdicht-gate": ("lekdicht-gate.8", "gate", r"^  ([a-z]+) "),
    "lekdichtd": ("lekdichtd.8", "agent", None),
    "lekdicht-reporter": ("lekdicht-reporter.8", "reporter", None),
    "lekdicht-watch": ("lekdicht-watch.8", "watcher", None),
    "lekdicht-collector": ("lekdicht-collector.8", "collector", r"^  ((?:[a-z]+(?:-[a-z]+)* ?)+)"),
    "lekdicht-notifier": ("lekdicht-notifier.1", "notifier", None),
}
# Taken by the programs and not worth a line of their --help: the test runs them.
UNSAID = {"--help", "-h", "--version"}
SYSEXITS = {"EXIT_SUCCESS": 0, "EXIT_FAILURE": 1, "EX_USAGE": 64, "EX_CONFIG": 78}
# Placed by libraries: no getenv() of ours.
LIBRARY_ENVIRONMENT = {"DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE",
                       "LC_MESSAGES", "TZ"}

tap = Tap("man")
check = tap.check


def differences(here, there, here_name, there_name):
    return [f"{item}: in {here_name}, not in {there_name}" for item in sorted(set(here) - set(there))] + \
           [f"{item}: in {there_name}, not in {here_name}" for item in sorted(set(there) - set(here))]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def sources(*directories):
    return "\n".join(path.read_text(encoding="utf-8") for directory in directories
                     for path in sorted((ROOT / directory).glob("*")) if path.is_file())


def said(program, *arguments):
    return subprocess.run([BUILD / program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=20)


def section(page, heading, macro="Sh"):
    """The lines below a heading, up to the next of its rank or above."""
    stop = r"\.Sh " if macro == "Sh" else r"\.S[hs] "
    found = re.search(rf"^\.{macro} {re.escape(heading)}\n(.*?)(?=^{stop}|\Z)", page, re.M | re.S)
    return found.group(1) if found else ""


def items(text):
    """The arguments of each .It."""
    return re.findall(r"^\.It (.*)$", text, re.M)


def options_of_page(page):
    """`.It Fl -json`, `.It Fl c , Fl -config Ar FILE`, `.It Cm status Op Fl -json`: what stands in a list."""
    return {"-" + word for item in items(page) for word in re.findall(r"\bFl (\S+)", item)}


def verbs_of_page(page):
    """`.It Cm gate open`, `.It Cm enrolment`: the words up to the next macro."""
    found = (re.match(r"Cm ((?:[a-z]+(?:-[a-z]+)* ?)+)(?![^ ])", item) for item in items(section(page, "DESCRIPTION")))
    return {match.group(1).strip() for match in found if match}


def options_of_help(text):
    return set(re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", text))


def pages():
    return sorted(MAN.glob("*.[1-9]"))


def lint(path):
    """mandoc's own judgement, warnings and worse, of that one page."""
    return subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True, text=True,
                          check=False).stdout.splitlines()


def check_page_form():
    for path in pages():
        if shutil.which("mandoc"):
            check(f"{path.name} is well-formed", lint(path))
        else:
            check(f"{path.name} is well-formed # SKIP there is no mandoc here", [])
    version = re.search(r"^VERSION +:= (\S+)$", read("Makefile"), re.M).group(1)
    wanted = ("NAME", "DESCRIPTION", "FILES", "EXAMPLES", "WHAT TO DO WHEN", "SEE ALSO")
    for path in pages():
        page = path.read_text(encoding="utf-8")
        name, rank = path.name.rsplit(".", 1)
        problems = [f"no section {heading}" for heading in wanted if not section(page, heading)]
        if f".Dt {name.upper()} {rank}\n" not in page or f".Nm {name}\n" not in page:
            problems.append("its name and section are not those of its file")
        if f".Os lekdicht {version}\n" not in page:
            problems.append(f"its .Os does not say lekdicht {version}")
        check(f"{path.name} has its sections and its name", problems)


def check_references():
    here = {path.name for path in pages()}
    problems = [f"{path.name}: {name}({rank}) is no page" for path in pages()
                for name, rank in re.findall(r"\bXr (lekdicht\S*) (\d)", path.read_text(encoding="utf-8"))
                if f"{name}.{rank}" not in here]
    named = {name for path in pages()
             for name in re.findall(r"^\.Xr (\S+) ", section(path.read_text(encoding="utf-8"), "SEE ALSO"), re.M)}
    problems += [f"{path.name}: is in no SEE ALSO" for path in pages() if path.name.rsplit(".", 1)[0] not in named]
    check("pages name only pages that there are, and each is named", problems)

    problems = []
    for unit in sorted((ROOT / "systemd").glob("*.service")):
        named = re.findall(r"^Documentation=(.*)$", unit.read_text(encoding="utf-8"), re.M)
        if not named:
            problems.append(f"{unit.name}: no Documentation=")
        for uri in " ".join(named).split():
            match = re.fullmatch(r"man:([\w.-]+)\((\d)\)", uri)
            if not match or f"{match.group(1)}.{match.group(2)}" not in here:
                problems.append(f"{unit.name}: {uri} is no page")
    for directory in ("agent", "cli", "collector", "gate", "notifier", "reporter", "watcher"):
        problems += [f"{directory}/ names {name}({rank}), which is no page" for name, rank in
                     re.findall(r"\b(lekdicht[\w.-]*)\((\d)\)", sources(directory)) if f"{name}.{rank}" not in here]
    check("units and programs name only pages that there are", problems)


def check_programs():
    for program, (name, directory, verbs) in PROGRAMS.items():
        page = (MAN / name).read_text(encoding="utf-8")
        answer = said(program, "--help")
        in_help, in_page = options_of_help(answer.stdout), options_of_page(page)
        problems = [] if answer.returncode == 0 and answer.stdout else [f"--help ends with {answer.returncode}"]
        problems += differences(in_help - UNSAID, in_page - UNSAID, "--help", name)
        problems += [f"{option}: in --help, not in {name}" for option in sorted(in_help - in_page)]
        problems += [f"{option} is in {name}, and {program} does not take it" for option in sorted(in_page & UNSAID)
                     if said(program, option).returncode != 0]
        check(f"{name} has the options of {program}", problems)
        if verbs:
            in_help = {match.strip() for match in re.findall(verbs, answer.stdout, re.M)}
            problems = [] if in_help else ["--help has no verbs"]
            check(f"{name} has the verbs of {program}", problems + differences(in_help, verbs_of_page(page), "--help", name))

        used = set(re.findall(r'getenv\("(\w+)"\)', sources(directory)))
        told = set(re.findall(r"\b([A-Z][A-Z_]+)\b", " ".join(items(section(page, "ENVIRONMENT")))))
        check(f"{name} has the environment of {program}",
              differences(used, told - (LIBRARY_ENVIRONMENT - used), f"{directory}/", name))


def enum_codes(path):
    return {int(code) for code in re.findall(r"^\s*[A-Z_]+\s*=\s*(\d+),", read(path), re.M)}


def check_exit_codes():
    for program, (name, directory, _) in PROGRAMS.items():
        header = ROOT / directory / "exit.h"
        if header.exists():
            codes = enum_codes(f"{directory}/exit.h")
        else:
            text = read(f"{directory}/main.c")
            own = {key: int(value) for key, value in re.findall(r"#define (EXIT_\w+) (\d+)", text)}
            codes = {value for key, value in {**SYSEXITS, **own}.items() if re.search(rf"\b{key}\b(?! \d)", text)}
        page = (MAN / name).read_text(encoding="utf-8")
        told = {int(item) for item in items(section(page, "EXIT STATUS")) if item.isdigit()}
        problems = [] if codes else ["no exit codes found in the sources"]
        check(f"{name} has the exit codes of {program}", problems + differences(codes, told, directory, name))


def keys_of_page(page):
    """{section: keys}, of `.Ss [section]` and the `.It Cm key = ...` below it."""
    return {heading.split()[0]: set(re.findall(r"^\.It Cm ([a-z-]+) =", section(page, f"[{heading}]", "Ss"), re.M))
            for heading in re.findall(r"^\.Ss \[(.*)\]$", page, re.M)}


def keys_of_policy():
    """The table of sections in policy/section.c: { "key", setter, ... }; a NULL setter is a key of a later version."""
    text = read("policy/section.c")
    table = re.search(r"known\[\] = \{(.*?)^\};", text, re.M | re.S).group(1)
    found = {}
    for block in re.split(r'(?=\.name = ")', table)[1:]:
        if ".later = true" not in block:
            found[re.match(r'\.name = "(\w+)"', block).group(1)] = \
                {key for key, setter in re.findall(r'\{ "([a-z-]+)", (\w+)', block) if setter != "NULL"}
    return found


def keys_of_table(path, table):
    block = re.search(rf"{table}\[\] = \{{(.*?)^\}};", read(path), re.M | re.S).group(1)
    return {"collector": set(re.findall(r'\{ "([a-z-]+)",', block))}


def check_probe():
    page = (MAN / "lekdicht-probe.8").read_text(encoding="utf-8")
    told = {int(item) for item in items(section(page, "EXIT STATUS")) if item.isdigit()}
    check("lekdicht-probe.8 has the answers of lekdicht-probe",
          differences(enum_codes("probe/answer.h"), told, "probe/answer.h", "the page"))


def keys_of_catalogue():
    """policy/catalogueline.c: a table of the marks, and the keys that stand once."""
    text = read("policy/catalogueline.c")
    marks = re.search(r"\} mark_keys\[\] = \{(.*?)^\};", text, re.M | re.S).group(1)
    return {"client": set(re.findall(r'\{ "([a-z]+)",', marks)) | set(re.findall(r'strcmp\(key, "([a-z]+)"\) == 0', text)),
            "catalogue": set(re.findall(r'strcmp\(key, "([a-z]+)"\) != 0', text))}


def check_keys():
    for name, found in (("lekdicht-policy.5", keys_of_policy()),
                        ("lekdicht-clients.ini.5", keys_of_catalogue()),
                        ("lekdicht-enrolment.5", keys_of_table("common/enrolment.c", r"\} fields")),
                        ("lekdicht-collector.ini.5", keys_of_table("collector/config.c", r"\} keys"))):
        page = (MAN / name).read_text(encoding="utf-8")
        here = {f"[{heading}] {key}" for heading, keys in found.items() for key in keys}
        there = {f"[{heading}] {key}" for heading, keys in keys_of_page(page).items() for key in keys}
        problems = [] if here else ["no keys found in the sources"]
        check(f"{name} has the keys that are read", problems + differences(here, there, "the sources", name))

    page = (MAN / "lekdicht-policy.5").read_text(encoding="utf-8")
    problems = []
    for example in re.findall(r"^\.Bd -literal -offset indent\n(\[policy\].*?)^\.Ed", page, re.M | re.S):
        with tempfile.NamedTemporaryFile("w", suffix=".ini", encoding="utf-8") as file:
            file.write(example)
            file.flush()
            answer = said("lekdicht", "policy", "check", file.name)
            if answer.returncode != 0 or "warning" in answer.stdout:
                problems += answer.stdout.splitlines() or [answer.stderr]
    check("the policies of lekdicht-policy.5 are good", problems)


def numbers():
    """Limits that pages tell, as the sources have them: (page, its words, the number in the sources)."""
    def constant(path, name):
        value = re.search(rf"#define {name} +\(?([^/\n)]*)", read(path)).group(1)
        product = 1
        for factor in value.split("*"):
            product *= int(factor.strip().rstrip("UL"))
        return product

    yield "lekdicht-policy.5", "A line has at most {} bytes", constant("policy/policy.h", "POLICY_LINE_MAX")
    yield "lekdicht-policy.5", "the file at most {} MiB", constant("policy/policy.h", "POLICY_FILE_MAX") // 1048576
    yield "lekdicht-policy.5", "has at most {} letters", constant("policy/policy.h", "POLICY_NAME_MAX")
    yield "lekdicht-policy.5", "At most {}. .Bl", constant("policy/policy.h", "POLICY_PLACES_MAX")
    yield "lekdicht-policy.5", "At most {}. .Bl -tag -width Ds .It Cm verdict", constant("policy/policy.h", "POLICY_SERVICES_MAX")
    yield "lekdicht-clients.ini.5", "of at most {}. The first three", constant("policy/policy.h", "POLICY_NAME_MAX")
    yield "lekdicht-clients.ini.5", "at most {} of them", constant("policy/catalogue.h", "CATALOGUE_MARKS_MAX")
    yield "lekdicht-clients.ini.5", "at most {} bytes", constant("policy/catalogue.h", "CATALOGUE_LABEL_MAX")
    yield "lekdicht-watch.8", "run for {} seconds", constant("watcher/watcher.h", "WATCHER_DWELL_USEC") // 1000000
    yield "lekdicht-watch.8", "again every {} minutes", constant("watcher/watcher.h", "WATCHER_SCAN_USEC") // 60000000
    yield "lekdicht-watch.8", "has {} seconds", constant("watcher/questions.h", "QUESTIONS_CHILD_SECONDS")
    yield "lekdicht-watch.8", "that is every {} seconds", constant("watcher/watcher.h", "WATCHER_POLL_USEC") // 1000000
    yield "lekdicht-policy.5", "At most {}. The first one", constant("policy/policy.h", "POLICY_DEVICES_MAX")
    yield "lekdicht.1", "1 to {}, instead", constant("cli/cli.h", "CLI_COUNT_MAX")
    yield "lekdicht.1", "instead of {}.", constant("cli/events.c", "EVENTS_COUNT")
    yield "lekdicht.1", "every {} seconds", constant("agent/gatekeeper.h", "GATEKEEPER_BUSY_USEC") // 1000000
    yield "lekdichtd.8", "after {} seconds", constant("agent/gatekeeper.h", "GATEKEEPER_SLOW_USEC") // 1000000
    yield "lekdichtd.8", "stay for {} days", constant("agent/spoolstore.h", "SPOOLSTORE_KEPT_DAYS")
    yield "lekdichtd.8", "more than {} MiB", constant("agent/spoolstore.h", "SPOOLSTORE_PAGES_MAX") * 4096 // 1048576
    yield "lekdichtd.8", "Up to {} events wait", constant("agent/spool.h", "SPOOL_QUEUE_MAX")
    yield "lekdichtd.8", "After {} times", constant("agent/decide.h", "DECIDE_DRIFTS_MAX")
    yield "lekdicht-enrolment.5", "A line has at most {} bytes", constant("common/enrolment.h", "ENROLMENT_LINE_MAX")
    yield "lekdicht-enrolment.5", "the file at most {}.", constant("common/enrolment.h", "ENROLMENT_FILE_MAX")
    yield "lekdicht-enrolment.5", "At most {} characters", constant("common/enrolment.h", "ENROLMENT_URL_MAX")
    yield "lekdicht-enrolment.5", "{} to", constant("common/enrolment.h", "ENROLMENT_TOKEN_MIN")
    yield "lekdicht-enrolment.5", "to {} printable", constant("common/enrolment.h", "ENROLMENT_TOKEN_MAX")
    yield "lekdicht-reporter.8", "at most {} records", constant("reporter/batch.h", "BATCH_RECORDS_MAX")
    yield "lekdicht-reporter.8", "and {} KiB", constant("reporter/batch.h", "BATCH_BYTES_MAX") // 1024
    yield "lekdicht-probe.8", "its memory to {} MiB", constant("probe/confine.h", "CONFINE_MEMORY") // 1048576
    yield "lekdicht-probe.8", "its processor time to {} seconds", constant("probe/confine.h", "CONFINE_SECONDS")
    yield "lekdicht-enrolment.5", "at most {} bytes", constant("common/enrolment.h", "ENROLMENT_LABEL_MAX")
    yield "lekdicht-collector.8", "(at most {} bytes)", constant("collector/batch.h", "BATCH_LABEL_MAX")
    yield "lekdicht-collector.8", "JSON of at most {} bytes", constant("collector/enrol.h", "ENROL_BODY_MAX")
    yield "lekdicht-collector.8", "1 to {}; else 100.", constant("collector/register.h", "REGISTER_LAPTOPS_MAX")
    yield "lekdicht-collector.8", "1 to 100000; else {}.", constant("collector/admin.h", "ADMIN_LAPTOPS")
    yield "lekdicht-collector.8", "1 to {} days", constant("collector/register.h", "REGISTER_DAYS_MAX")
    yield "lekdicht-collector.8", "days; else {}.", constant("collector/admin.h", "ADMIN_DAYS")
    yield "lekdicht-collector.8", "It has {} to 256 bytes", constant("collector/password.h", "PASSWORD_MIN")
    yield "lekdicht-collector.8", "It has 12 to {} bytes", constant("collector/password.h", "PASSWORD_MAX")
    yield "lekdicht-collector.8", "and {} hours after signing in", constant("collector/accounts.h", "SESSION_SECONDS") // 3600
    yield "lekdicht-collector.8", "After {} wrong passwords", constant("collector/lockout.h", "LOCKOUT_ACCOUNT")
    yield "lekdicht-collector.8", "or {} from one address", constant("collector/lockout.h", "LOCKOUT_ADDRESS")
    yield "lekdicht-collector.8", "within {} minutes", constant("collector/lockout.h", "LOCKOUT_MINUTES")
    yield "lekdicht-collector.ini.5", "each minute: {};", constant("collector/rate.h", "RATE_PER_MINUTE")
    yield "lekdicht-collector.ini.5", "from 1 to {}.", constant("collector/rate.h", "RATE_PER_MINUTE_MAX")
    yield "lekdicht-collector.8", "silent for {} days", constant("collector/page.h", "PAGE_SILENT_DAYS")
    yield "lekdicht-collector.8", "Of the last {} days", constant("collector/page.h", "PAGE_RECENT_DAYS")
    yield "lekdicht-collector.8", "goes through {} events at most", constant("collector/store.h", "STORE_LOOKED_AT_MAX")
    yield "lekdicht-collector.8", "at most {} events, and its last line", \
        constant("collector/page.h", "PAGE_CSV_LOOKS") * constant("collector/store.h", "STORE_EVENTS_MAX")
    yield "lekdicht-collector.8", "at most {} MiB", constant("collector/body.h", "BODY_MAX") // 1048576


def check_numbers():
    problems = []
    for name, words, value in numbers():
        text = " ".join((MAN / name).read_text(encoding="utf-8").split())
        if words.format(value) not in text:
            problems.append(f'{name} does not say "{words.format(value)}"')
    check("limits are those of the sources", problems)


def check_agent():
    page = (MAN / "lekdichtd.8").read_text(encoding="utf-8")
    bus = section(page, "D-Bus", "Ss")
    members = re.findall(r'SD_BUS_(?:METHOD|SIGNAL)(?:_WITH_ARGS)?\("(\w+)"', read("agent/methods.c"))
    actions = re.findall(r'<action id="([^"]+)"', read("systemd/org.lekdicht.agent1.policy"))
    errors = re.findall(r'"(org\.lekdicht\.Error\.\w+)"', read("agent/busparts.h"))
    told = [word for item in items(bus) for word in re.findall(r"Fn (\w+)", item)]
    check("lekdichtd.8 has what is on the bus", differences(members, told, "agent/methods.c", "the page") +
          differences(actions + errors, re.findall(r"^\.Li (org\.lekdicht\.(?:agent1|Error)\.[\w-]+)", bus, re.M),
                      "the sources", "the page"))

    events = section(page, "Events", "Ss")
    names = dict(re.findall(r'\[(EVENT_\w+)\] = \{ "(lekdicht[\w.]+)"', read("common/event.c")))
    recorded = {names[key] for key in re.findall(r"\[(EVENT_\w+)\] = \"[0-9a-f]{32}\"", read("agent/entry.c"))}
    told = {item.split()[1] for item in items(events)}
    fields = set(re.findall(r'"(LEKDICHT_\w+)"', "".join(map(read, ("agent/entry.c", "agent/record.c", "agent/recorddevice.c")))))
    check("lekdichtd.8 has the events and the journal's fields", differences(recorded, told, "agent/entry.c", "the page") +
          differences(fields, re.findall(r"^\.Li (LEKDICHT_\w+)", events, re.M), "agent/", "the page"))


def check_doctor():
    looked_at = re.findall(r'\{ "([a-z]+)", doctor_[a-z]+ \}', read("cli/doctor.c"))
    told = [item.split()[-1] for item in items(section(read("docs/man/lekdicht.1"), "DOCTOR"))]
    check("lekdicht.1 has what doctor looks at, in its order", [] if looked_at and looked_at == told else [f"{looked_at}, {told}"])


def check_quotations():
    text = sources("agent", "cli", "collector", "common", "gate", "notifier", "policy", "probe", "reporter", "watcher")
    text = " ".join(re.sub(r'"\s*\n\s*"', "", text).split())
    problems, found = [], 0
    for path in pages():
        for words in re.findall(r"^\.(?:It Sy .* D|Q)q (.*?)(?: [.:,])?$", path.read_text(encoding="utf-8"), re.M):
            found += 1
            if words not in text:
                problems.append(f'{path.name}: no program says "{words}"')
    check("what pages quote is what programs say", problems or ([] if found else ["no quotation found"]))


def make(*arguments):
    command = [*shlex.split(os.environ.get("MAKE", "make")), "--no-print-directory",
               f"BUILD={os.environ.get('BUILD', 'build')}", *arguments]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def is_in_the_code(path, text):
    """Quoted or plain in the sources; or made of a quoted directory and a quoted name, or of a quoted path and a suffix."""
    if re.search(rf"(?<![\w/.-]){re.escape(path)}(?![\w/.-])", text):
        return True
    above, name = path.rsplit("/", 1)
    if f'"{above}"' in text and f'"{name}"' in text:
        return True
    above, suffix = path.rsplit(".", 1)
    return f'"{above}"' in text and f'"%s.{suffix}"' in text


def check_files():
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        answer = make("install", "install-collector", f"DESTDIR={directory}")
        installed = {"/" + str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
        problems = answer.stderr.splitlines() if answer.returncode else []
        wanted = {f"/usr/share/man/man{path.suffix[1:]}/{path.name}" for path in pages()}
        problems += differences(wanted, {path for path in installed if "/share/man/" in path}, "docs/man", "`make install`")
        check("make install puts every page in place", problems)

        text = sources("agent", "cli", "collector", "gate", "notifier", "reporter", "systemd", "watcher")
        problems = []
        for page in pages():
            listed = [path for item in items(section(page.read_text(encoding="utf-8"), "FILES"))
                      for path in re.findall(r"Pa (/\S+)", item)]
            if not listed:
                problems.append(f"{page.name}: FILES names no file")
            problems += [f"{page.name}: {path} is neither installed nor named by the code" for path in listed
                         if path not in installed and not is_in_the_code(path, text)]
        check("FILES names what is installed or what the code names", problems)

        answer = make("uninstall", "uninstall-collector", f"DESTDIR={directory}")
        problems = answer.stderr.splitlines() if answer.returncode else []
        left = {"/" + str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
        kept = {"/etc/lekdicht/policy.ini", "/etc/lekdicht-collector/collector.ini"}
        check("make uninstall takes away all but the school's own files",
              problems + differences(left, kept, "what is left", "the school's"))

        make("install", f"DESTDIR={directory}")
        check("a laptop has no pages of the collector", [str(path) for path in root.rglob("lekdicht-collector*.[1-9]")])


def main():
    check_page_form()
    check_references()
    check_programs()
    check_exit_codes()
    check_probe()
    check_keys()
    check_numbers()
    check_agent()
    check_doctor()
    check_quotations()
    check_files()
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
