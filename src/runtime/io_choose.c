/* Which backend this machine lets us have: tried once, at start, by making one. */
#include "runtime/io.h"

static const char *reason_of(int err)
{
    switch (-err) {
    case ENOSYS:
        return "the kernel has no io_uring that we can use (Linux 6.1 or newer is needed)";
    case EINVAL:
        return "the kernel's io_uring is too old (Linux 6.1 or newer is needed)";
    case EPERM:
    case EACCES:
        return "io_uring is forbidden here (seccomp or kernel.io_uring_disabled)";
    case ENOMEM:
        return "the limit on locked memory is too small for io_uring";
    default:
        return "io_uring can't be set up here";
    }
}

static int try_backend(const struct io_ops *ops)
{
    void *io = NULL;
    int err = ops->open(&io);
    if (err == 0)
        ops->close(io);
    return err;
}

int io_choose(const char *name, const struct io_ops **ret_ops, const char **ret_reason)
{
    bool is_auto = strcmp(name, "auto") == 0;
    *ret_reason = "";
    if (is_auto || strcmp(name, "uring") == 0) {
        int err = try_backend(&io_uring_ops);
        if (err == 0) {
            *ret_ops = &io_uring_ops;
            return 0;
        }
        *ret_reason = reason_of(err);
        if (!is_auto)
            return err;
    } else if (strcmp(name, "epoll") != 0) {
        *ret_reason = "the backend is called auto, uring or epoll";
        return -EINVAL;
    }
    int err = try_backend(&io_epoll_ops);
    if (err == 0)
        *ret_ops = &io_epoll_ops;
    return err;
}
