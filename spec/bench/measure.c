/* measure PROGRAM ARGUMENT...: runs a program to its end and prints, below
   what that prints, seconds, seconds of CPU, and KB of memory at its peak. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
  struct rusage u;
  double from = now();
  int status;
  pid_t pid;
  if (argc < 2)
    return 2;
  pid = fork();
  if (!pid) {
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  if (pid < 0 || wait4(pid, &status, 0, &u) != pid)
    return 2;
  printf("%.6f %.6f %ld\n", now() - from,
         seconds(u.ru_utime) + seconds(u.ru_stime), u.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
