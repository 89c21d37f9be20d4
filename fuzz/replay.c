/* Runs a fuzzer's function over the files of its corpus, without libFuzzer: replay DIR...
 * Each input lies at the end of an exactly sized heap block, so that AddressSanitizer sees a read past it. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        return perror(path), 1;
    long size = ftell(f);
    rewind(f);
    uint8_t *data = size >= 0 ? malloc((size_t)size) : NULL;
    if ((size && !data) || fread(data, 1, (size_t)size, f) != (size_t)size)
        return perror(path), 1;
    (void)fclose(f);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 0;
}

static int replay_folder(const char *folder, unsigned *inputs)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return perror(folder), 1;
    int failed = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        char path[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        failed |= replay_file(path);
        *inputs += 1;
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    unsigned inputs = 0;
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= replay_folder(argv[i], &inputs);
    printf("%u inputs\n", inputs);
    return failed || inputs == 0;
}
