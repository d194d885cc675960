"""What a program serves, read from its source: a table of how people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.project.guess import Source, guess, port_in_dockerfile, port_in_settings

SERVES = [
    ("ListenAndServe", 'http.ListenAndServe(":8080", nil)', 8080, False),
    ("with a host", 'log.Fatal(http.ListenAndServe("0.0.0.0:9000", mux))', 9000, False),
    ("localhost", 'http.ListenAndServe("localhost:8080", nil)', 8080, True),
    ("loopback", 'http.ListenAndServe("127.0.0.1:8080", nil)', 8080, True),
    ("IPv6 loopback", 'net.Listen("tcp", "[::1]:8080")', 8080, True),
    ("server literal", 'srv := &http.Server{Addr: ":8090", Handler: mux}', 8090, False),
    (
        "server literal, local",
        'srv := &http.Server{\n\tHandler: mux,\n\tAddr: "localhost:8090",\n}',
        8090,
        True,
    ),
    ("server field", 'srv.Addr = ":7000"', 7000, False),
    ("gin", 'r := gin.Default()\nr.Run(":3000")', 3000, False),
    ("echo", 'e.Logger.Fatal(e.Start(":1323"))', 1323, False),
    ("fiber", 'log.Fatal(app.Listen(":3001"))', 3001, False),
    ("grpc", 'lis, err := net.Listen("tcp", ":50051")', 50051, False),
    ("raw string", "http.ListenAndServe(`:8081`, nil)", 8081, False),
    ("escaped", r'http.ListenAndServe("\x3a8082", nil)', 8082, False),
    ("constant", 'const addr = ":8083"', 8083, False),
    ("typed constant", 'const listenAddr string = ":8084"', 8084, False),
    ("variable", 'var addr = flag.String("addr", ":8085", "where to listen")', 8085, False),
    ("flag, number", 'port := flag.Int("port", 8086, "port")', 8086, False),
    ("flag, variable", 'flag.IntVar(&c.p, "http-port", 8087, "port")', 8087, False),
    ("flag, local", 'addr := flag.String("listen", "127.0.0.1:8088", "x")', 8088, True),
    ("getenv", 'port := getenv("PORT", "8089")', 8089, False),
    ("assigned in an if", 'port := os.Getenv("PORT")\nif port == "" {\n\tport = "8090"\n}', 8090, False),
    ("viper", 'viper.SetDefault("server.port", 8091)', 8091, False),
    ("struct field", 'return Settings{Port: 8092, LogLevel: "info"}', 8092, False),
    ("struct tag", 'type C struct {\n\tPort int `env:"PORT" envDefault:"8093"`\n}', 8093, False),
    ("Sprintf, local", 'http.ListenAndServe(fmt.Sprintf("localhost:%d", port), nil)', None, True),
    ("JoinHostPort, local", 'net.Listen("tcp", net.JoinHostPort("localhost", port))', None, True),
    ("JoinHostPort", 'net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(8094)))', 8094, False),
    ("line comment", '// http.ListenAndServe(":9999", nil)', None, False),
    ("block comment", '/* http.ListenAndServe("localhost:9999", nil) */', None, False),
    ("comment in a string", 's := "// "; http.ListenAndServe(":8095", nil)', 8095, False),
    ("quote in a rune", 'c := \'"\'; http.ListenAndServe(":8096", nil)', 8096, False),
    ("code in a string", 'help := "use http.ListenAndServe(\\":9999\\", nil)"', None, False),
    ("code in a raw string", 'help := `http.ListenAndServe("localhost:9999", nil)`', None, False),
    ("redis", 'redis.NewClient(&redis.Options{Addr: "localhost:6379"})', None, False),
    ("dial", 'conn, err := net.Dial("tcp", "localhost:9999")', None, False),
    ("grpc dial", 'grpc.NewClient("localhost:50051", opts...)', None, False),
    ("database", 'dbHost, dbPort := "localhost", 5432', None, False),
    ("metrics beside", 'http.ListenAndServe(":8097", nil)\nmetricsAddr := ":9090"', 8097, False),
    ("a test's port", 'net.Listen("tcp", "127.0.0.1:0")', None, True),
    ("too big", 'http.ListenAndServe(":99999", nil)', None, False),
    ("url", 'http.Get("http://localhost:8080/health")', None, False),
]


@pytest.mark.parametrize(("name", "code", "port", "local"), SERVES, ids=[one[0] for one in SERVES])
def test_port_and_bind_are_guessed(name: str, code: str, port: int | None, local: bool) -> None:
    found = guess([Source(Path("main.go"), f"package main\n\nfunc main() {{\n{code}\nserver.Serve(l)\n}}\n")])
    assert found.port == port
    assert (found.bind is not None) == local


def test_a_program_that_opens_no_port_serves_none() -> None:
    code = (
        'package main\nvar port = flag.Int("port", 22, "")\nvar host = flag.String("listen", "localhost", "")'
    )
    found = guess([Source(Path("main.go"), code)])
    assert (found.port, found.bind) == (None, None)


HEALTH = [
    ('http.HandleFunc("/healthz", h)', "/healthz"),
    ('mux.HandleFunc("GET /health", h)', "/health"),
    ('r.GET("/api/v1/health", h)', "/api/v1/health"),
    ('r.GET("/ping", h)', "/ping"),
    ('r.GET("/readyz", h); r.GET("/healthz", h)', "/healthz"),
    ('const path = "/livez"', "/livez"),
    ('http.Get("http://other/health")', None),
    ("// /health", None),
    ('r.GET("/orders", h)', None),
]


@pytest.mark.parametrize(("code", "path"), HEALTH)
def test_the_health_path_is_guessed(code: str, path: str | None) -> None:
    assert guess([Source(Path("main.go"), f"package main\nfunc main() {{ {code} }}")]).health == path


def test_what_is_nearer_to_the_main_package_counts_more() -> None:
    far = Source(Path("far.go"), 'package x\nfunc f() { http.ListenAndServe(":1111", nil) }', 3)
    near = Source(Path("main.go"), 'package main\nfunc main() { http.ListenAndServe(":2222", nil) }', 0)
    assert guess([far, near]).port == 2222


@pytest.mark.parametrize(
    "text", ['"', "`", "'", "/*", "\\", "func main() {{{((", ")]}", "\ufeffpackage", "\0", "é" * 99]
)
def test_broken_source_is_survived(text: str) -> None:
    assert guess([Source(Path("main.go"), text * 50)]).port is None


SETTINGS = [
    ("server:\n  port: 8080\n", 8080),
    ("port: 8080 # ours\n", 8080),
    ('{"db_port": 5432,\n "port": 9000,\n}', 9000),
    ("HTTP_PORT=8081\r\n", 8081),
    ('addr = ":8082"\n', 8082),
    ("database:\n  host: db\n  port: 5432\nhttp:\n  port: 8083\n", 8083),
    ("[redis]\nport = 6379\n[server]\nport = 8084\n", 8084),
    ("redis_addr: localhost:6379\n", None),
    ("# port: 8080\n", None),
    ("port: lots\n", None),
]


@pytest.mark.parametrize(("text", "port"), SETTINGS)
def test_settings_files_name_the_port(text: str, port: int | None) -> None:
    assert port_in_settings(text) == port


def test_a_dockerfile_names_the_port_when_it_exposes_one() -> None:
    assert port_in_dockerfile("FROM x\nEXPOSE 8080\n") == 8080
    assert port_in_dockerfile("expose 8080/tcp\r\n") == 8080
    assert port_in_dockerfile("EXPOSE 80\nEXPOSE 443\n") is None
