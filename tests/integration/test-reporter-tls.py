#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built lekdicht-reporter and TLS: whom it believes, what a proxy learns, and how much memory that takes.

Each refusal has its control in the same run: a server with a good certificate takes the bad one's place and gets the
records. Prints TAP. BUILD names the directory with the programs (default: build).
"""

import shutil
import ssl
import subprocess

import reporter_bed
from reporter_bed import (CREDENTIAL, MEMORY_MAX_KB, NOTES, OWN_MEMORY_MAX_KB, Proxy, arrived, begin, status_json, wait_for)

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def tls(laptop, context, **enrolment):
    collector = laptop.collector(tls=context)
    laptop.enrol(f"https://127.0.0.1:{collector.port}", **enrolment)
    agent = laptop.start_agent()
    agent.record(1, 3)
    return collector, agent


@test
def tls_good(laptop):
    """A good certificate under the own authority; memory stays small"""
    collector, agent = tls(laptop, laptop.certificates.good, ca_file=laptop.certificates.ca)
    laptop.start()
    arrived(laptop, collector, 3)
    wait_for("the connection closed", lambda: collector.open == 0)
    agent.record(4, 1000)
    arrived(laptop, collector, 1000)
    wait_for("the connection closed", lambda: collector.open == 0)
    memory = {name: laptop.memory(name) for name in ("VmHWM", "VmRSS", "RssAnon")}
    NOTES.append(f"TLS, own ca-file: {memory} kB")
    assert memory["VmHWM"] < MEMORY_MAX_KB and memory["RssAnon"] < OWN_MEMORY_MAX_KB, f"{memory} kB"
    assert laptop.said() == ""


def tls_refused(laptop, context, why, **enrolment):
    """Nothing is sent to that server; then one with a good certificate takes its place, as the control."""
    collector, agent = tls(laptop, context, **enrolment)
    laptop.start()
    wait_for("two attempts", lambda: collector.connections > 1, 30)
    assert not collector.requests, "it sent the records"
    assert agent.acknowledged == 0
    assert why in laptop.said(), laptop.said()
    collector.close()
    good = laptop.collector(tls=laptop.certificates.good, port=collector.port)
    if "ca_file" in enrolment and enrolment["ca_file"] == laptop.certificates.ca:
        arrived(laptop, good, 3)


@test
def tls_wrong_name(laptop):
    """A certificate for another name is refused"""
    tls_refused(laptop, laptop.certificates.wrong_name, "matches target host name", ca_file=laptop.certificates.ca)


@test
def tls_name_in_cn(laptop):
    """A certificate that has our name only in its old-fashioned place is refused"""
    tls_refused(laptop, laptop.certificates.name_in_cn_only, "matches target host name", ca_file=laptop.certificates.ca)


@test
def tls_expired(laptop):
    """An expired certificate is refused"""
    tls_refused(laptop, laptop.certificates.expired, "expired", ca_file=laptop.certificates.ca)


@test
def tls_not_yet(laptop):
    """A certificate that is not valid yet is refused"""
    tls_refused(laptop, laptop.certificates.not_yet, "not yet valid", ca_file=laptop.certificates.ca)


@test
def tls_other_authority(laptop):
    """A certificate of another authority is refused"""
    tls_refused(laptop, laptop.certificates.others, "unable to get local issuer", ca_file=laptop.certificates.ca)


@test
def tls_self_signed(laptop):
    """A certificate that its server made itself is refused"""
    tls_refused(laptop, laptop.certificates.own, "self-signed", ca_file=laptop.certificates.ca)


@test
def tls_old(laptop):
    """TLS 1.1 is refused"""
    old = laptop.certificates.context("good", newest=ssl.TLSVersion.TLSv1_1)
    tls_refused(laptop, old, "SSL", ca_file=laptop.certificates.ca)


@test
def tls_system_authorities(laptop):
    """Without ca-file only the system's authorities count, whatever the environment says; memory with all of them"""
    keys = laptop.folder / "keys"
    collector, _ = tls(laptop, laptop.certificates.good)
    authority = str(laptop.certificates.ca)
    laptop.start(SSL_CERT_FILE=authority, CURL_CA_BUNDLE=authority, SSLKEYLOGFILE=str(keys))
    wait_for("two attempts", lambda: collector.connections > 1, 30)
    assert not collector.requests, "it sent the records"
    memory = {name: laptop.memory(name) for name in ("VmHWM", "VmRSS", "RssAnon")}
    NOTES.append(f"TLS, the system's authorities: {memory} kB")
    assert memory["VmHWM"] < MEMORY_MAX_KB and memory["RssAnon"] < OWN_MEMORY_MAX_KB, f"{memory} kB"
    laptop.kill()
    laptop.enrol(f"https://127.0.0.1:{collector.port}", ca_file=laptop.certificates.ca)
    laptop.start(SSLKEYLOGFILE=str(keys))
    arrived(laptop, collector, 3)
    assert not keys.exists(), "the keys of the connection were logged"


@test
def tls_the_own_authority_alone(laptop):
    """With a ca-file the system's authorities are not believed; without one they are"""
    system = laptop.folder / "system"
    system.mkdir()
    shutil.copy(laptop.certificates.other_ca, system / "ca-certificates.crt")
    shutil.copy(laptop.certificates.other_ca, system / "other.pem")
    subprocess.run(["openssl", "rehash", system], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # In a mount namespace of its own, where the system's authorities are just that one.
    laptop.wrapper = ["unshare", "--mount", "sh", "-c", f'mount --bind {system} /etc/ssl/certs && exec "$@"', "sh"]
    if subprocess.run([*laptop.wrapper, "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        raise reporter_bed.Skip("no mount namespace for this user")

    collector, agent = tls(laptop, laptop.certificates.others, ca_file=laptop.certificates.ca)
    laptop.start()
    wait_for("two attempts", lambda: collector.connections > 1, 30)
    assert not collector.requests and agent.acknowledged == 0, "another authority than the ca-file's was believed"
    laptop.kill()
    laptop.enrol(f"https://127.0.0.1:{collector.port}")
    laptop.start()
    arrived(laptop, collector, 3)


@test
def tls_plain_server(laptop):
    """A server without TLS at an https:// address gets nothing"""
    collector = laptop.collector()
    laptop.enrol(f"https://127.0.0.1:{collector.port}", ca_file=laptop.certificates.ca)
    laptop.start_agent().record(1, 3)
    laptop.start()
    wait_for("two attempts", lambda: collector.connections > 1)
    assert not collector.requests and laptop.agent.acknowledged == 0


# ---- proxies ---------------------------------------------------------------------------------------------------------

@test
def proxy_of_the_environment(laptop):
    """A proxy that the environment names is not used"""
    proxy = Proxy()
    laptop.ends.append(proxy.close)
    collector, _ = begin(laptop)
    laptop.start(**{name: f"http://127.0.0.1:{proxy.port}" for name in ("http_proxy", "https_proxy", "ALL_PROXY")})
    arrived(laptop, collector, 3)
    assert not proxy.heads, "it went through the proxy"


@test
def proxy_of_the_enrolment(laptop):
    """The enrolment's proxy is used, whatever no_proxy says, learns no credential, and its headers count for nothing"""
    proxy = Proxy()
    laptop.ends.append(proxy.close)
    collector, _ = tls(laptop, laptop.certificates.good, ca_file=laptop.certificates.ca,
                       proxy=f"http://127.0.0.1:{proxy.port}")
    collector.plan = [status_json(503)]
    laptop.start(no_proxy="*", NO_PROXY="127.0.0.1")
    arrived(laptop, collector, 3)
    assert proxy.heads and all(head.startswith(f"CONNECT 127.0.0.1:{collector.port} ") for head in proxy.heads)
    assert not any("authorization" in head.lower() or CREDENTIAL in head for head in proxy.heads), proxy.heads


if __name__ == "__main__":
    reporter_bed.main(TESTS)
