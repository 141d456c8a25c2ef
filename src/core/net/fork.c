#include "core/net/fork.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/* A page that the kernel blanks in a child: asking for the process id at each
   step would be a system call. */
static unsigned char *make_page(void)
{
#ifdef MADV_WIPEONFORK
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return NULL;
  if (madvise(page, size, MADV_WIPEONFORK)) {
    munmap(page, size);
    return NULL;
  }
  *(unsigned char *)page = 1;
  return page;
#else
  return NULL;
#endif
}

void etoro_fork_mark(struct etoro_fork *f)
{
  /* Both: not every kernel takes the advice for the page, and there may be no
     memory for it. */
  f->owner = getpid();
  f->page = make_page();
}

int etoro_fork_happened(const struct etoro_fork *f)
{
  /* A process id may come again in a grandchild, a page that was blanked stays
     so. */
  return f->page ? !*f->page : f->owner != getpid();
}

void etoro_fork_free(struct etoro_fork *f)
{
  if (f->page)
    munmap(f->page, (size_t)sysconf(_SC_PAGESIZE));
  f->page = NULL;
}
