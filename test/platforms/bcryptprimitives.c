/*
 * bcryptprimitives.dll for Wine 8, which lacks it. Bun takes random bytes from its one function.
 * It lies beside the tested executable and is part of no release.
 */
#include <stddef.h>

/* RtlGenRandom of advapi32, under the name that it is exported by. */
extern unsigned char __stdcall SystemFunction036(void *buffer, unsigned long length);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, size_t length) {
  return SystemFunction036(buffer, (unsigned long)length);
}
