/* The trial image's only program: answers every connection on port 8080 with "goferry". No libc, no files, one segment.

   The two programs beside this file are built from it, and checksums.yaml vouches for them. With Debian 12's compilers:
     flags='-Os -static -nostdlib -ffreestanding -fno-pic -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables
            -fno-ident -s -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro'
     gcc $flags -o trial trial.c                       && base64 trial > trial-x86_64.b64
     aarch64-linux-gnu-gcc $flags -o trial trial.c     && base64 trial > trial-aarch64.b64
   The addresses of the segment hold for pages of 4 and of 64 KB: CentOS on aarch64 has the latter. */
#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, SOCKET = 41, ACCEPT = 43, SHUTDOWN = 48, BIND = 49, LISTEN = 50, SETSOCKOPT = 54, EXIT = 60 };
static long call(long n, long a, long b, long c, long d, long e) {
  long r;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
  return r;
}
#elif defined(__aarch64__)
enum { CLOSE = 57, READ = 63, WRITE = 64, EXIT = 93, SOCKET = 198, BIND = 200, LISTEN = 201, ACCEPT = 202, SETSOCKOPT = 208, SHUTDOWN = 210 };
static long call(long n, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
#else
#error "no system calls are known for this processor"
#endif

static const char ANSWER[] = "HTTP/1.0 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\ngoferry\n";

void _start(void) {
  unsigned char address[16] = {2, 0, 0x1f, 0x90};
  char asked[1024];
  int one = 1;
  long s = call(SOCKET, 2, 1, 0, 0, 0);
  call(SETSOCKOPT, s, 1, 2, (long)&one, sizeof one);
  if (call(BIND, s, (long)address, sizeof address, 0, 0) < 0 || call(LISTEN, s, 8, 0, 0, 0) < 0)
    call(EXIT, 1, 0, 0, 0, 0);
  for (;;) {
    long c = call(ACCEPT, s, 0, 0, 0, 0);
    if (c < 0) continue;
    call(READ, c, (long)asked, sizeof asked, 0, 0);
    call(WRITE, c, (long)ANSWER, sizeof ANSWER - 1, 0, 0);
    call(SHUTDOWN, c, 1, 0, 0, 0);
    call(CLOSE, c, 0, 0, 0, 0);
  }
}
