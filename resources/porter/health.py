# A program's health, as seen from its own host.
import os
import socket
import time


def gate(wish):
    """Asks a program for its health until it answered well as often as wanted, ended, or the time is over. One behind
    a front gets its requests in that very moment, where `route` says so."""
    probes, good, waited, pause = [], 0, 0.0, 0.002
    while True:
        probe = looked(wish)
        good = good + 1 if is_well(probe) else 0
        if good or not probes or probes[-1] != probe:
            probes.append(probe)
        now = container(wish["name"])
        running = now is not None and now["State"].get("Status") in ("running", "created")
        if good >= wish["good"] or not running or now["RestartCount"] or waited >= wish["seconds"]:
            passed = good >= wish["good"]
            if passed and running and wish.get("route"):
                front_route(wish, wish["route"])
            return {"probes": probes, "container": now, "passed": passed}
        time.sleep(pause)
        waited += pause
        pause = min(pause * 1.3, 0.25)


def looked(wish):
    if wish.get("front"):
        return front_probe(wish)
    return http_probe(wish) if wish["path"] else tcp_probe(wish)


def is_well(probe):
    words = probe.get("line", "").split()
    if "open" in probe:
        return True
    return (
        len(words) > 1 and words[0].startswith("HTTP/") and words[1].isdigit() and 200 <= int(words[1]) < 400
    )


def connected(wish):
    return socket.create_connection((wish["address"], wish["port"]), wish["timeout"])


def http_probe(wish):
    try:
        connection = connected(wish)
    except (IOError, OSError) as error:
        return {"refused": os.strerror(error.errno) if error.errno else "%s" % error}
    try:
        head = "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: goferry\r\nConnection: close\r\n\r\n"
        connection.sendall((head % wish["path"]).encode("utf-8"))
        answer = b""
        while b"\n" not in answer and len(answer) < 65536:
            piece = connection.recv(4096)
            if not piece:
                break
            answer += piece
        return {"line": answer.split(b"\n", 1)[0].strip().decode("latin-1")}
    except socket.timeout:
        return {"silent": wish["timeout"]}
    except (IOError, OSError) as error:
        return {"lost": "%s" % error}
    finally:
        connection.close()


def tcp_probe(wish):
    """An engine's own proxy takes every connection, and ends it at once when nobody listens inside."""
    try:
        connection = connected(wish)
    except (IOError, OSError) as error:
        return {"refused": os.strerror(error.errno) if error.errno else "%s" % error}
    try:
        connection.settimeout(0.3)
        return {"open": 1} if connection.recv(1) else {"closed": 1}
    except socket.timeout:
        return {"open": 1}
    except (IOError, OSError):
        return {"closed": 1}
    finally:
        connection.close()
