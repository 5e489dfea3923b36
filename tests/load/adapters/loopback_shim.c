/* Janus gathers no candidates on loopback interfaces. Preloaded, this shows it none: the flag is taken off, nothing else. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>

int getifaddrs(struct ifaddrs **list)
{
    int (*real)(struct ifaddrs **) = (int (*)(struct ifaddrs **))dlsym(RTLD_NEXT, "getifaddrs");
    int result = real ? real(list) : -1;
    if (result == 0)
        for (struct ifaddrs *each = *list; each; each = each->ifa_next)
            each->ifa_flags &= ~(unsigned)IFF_LOOPBACK;
    return result;
}
