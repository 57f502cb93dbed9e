package dev.katran.ffm;

import java.util.HashMap;
import java.util.Map;

/**
 * Error numbers and their names: those of {@code asm-generic/errno.h}, which x86-64, AArch64 and
 * RISC-V share; the kernel-internal {@code ENOTSUPP} of {@code linux/errno.h}, which leaks from
 * bpf(2); and libbpf's own from {@code bpf/libbpf.h}.
 *
 * @since 0.1.0
 */
public final class Errno {

  /** Operation not permitted: a capability is missing. */
  public static final int EPERM = 1;

  /** No such file, map entry or program. */
  public static final int ENOENT = 2;

  /** A signal interrupted the call. */
  public static final int EINTR = 4;

  /** The argument list, the program or the map is too big. */
  public static final int E2BIG = 7;

  /** Exec format error: not a loadable object. */
  public static final int ENOEXEC = 8;

  /** Bad file descriptor: not open. */
  public static final int EBADF = 9;

  /** Resource temporarily unavailable; try again. */
  public static final int EAGAIN = 11;

  /** Out of memory. */
  public static final int ENOMEM = 12;

  /** Permission denied; from a program load, a rejection by the verifier. */
  public static final int EACCES = 13;

  /** Device or resource busy. */
  public static final int EBUSY = 16;

  /** The file or map entry already exists. */
  public static final int EEXIST = 17;

  /** No such device. */
  public static final int ENODEV = 19;

  /** Invalid or unknown argument. */
  public static final int EINVAL = 22;

  /** The system has too many open files. */
  public static final int ENFILE = 23;

  /** The process has too many open files. */
  public static final int EMFILE = 24;

  /** The buffer, or the log, is too small. */
  public static final int ENOSPC = 28;

  /** Numerical result out of range; from an XDP attachment, the MTU is too large. */
  public static final int ERANGE = 34;

  /** The kernel does not implement this call. */
  public static final int ENOSYS = 38;

  /** Link has been severed: the target of a BPF link is gone. */
  public static final int ENOLINK = 67;

  /** The device or the file system does not support the operation. */
  public static final int EOPNOTSUPP = 95;

  /** No buffer space: a table or a socket's buffer is full. */
  public static final int ENOBUFS = 105;

  /** The operation was canceled. */
  public static final int ECANCELED = 125;

  /** Returned by parts of the kernel for {@link #EOPNOTSUPP}; C libraries have no name for it. */
  public static final int ENOTSUPP = 524;

  private static final String LINES =
      """
      1 EPERM Operation not permitted
      2 ENOENT No such file or directory
      3 ESRCH No such process
      4 EINTR Interrupted system call
      5 EIO Input/output error
      6 ENXIO No such device or address
      7 E2BIG Argument list too long
      8 ENOEXEC Exec format error
      9 EBADF Bad file descriptor
      10 ECHILD No child processes
      11 EAGAIN Resource temporarily unavailable
      12 ENOMEM Cannot allocate memory
      13 EACCES Permission denied
      14 EFAULT Bad address
      15 ENOTBLK Block device required
      16 EBUSY Device or resource busy
      17 EEXIST File exists
      18 EXDEV Invalid cross-device link
      19 ENODEV No such device
      20 ENOTDIR Not a directory
      21 EISDIR Is a directory
      22 EINVAL Invalid argument
      23 ENFILE Too many open files in system
      24 EMFILE Too many open files
      25 ENOTTY Inappropriate ioctl for device
      26 ETXTBSY Text file busy
      27 EFBIG File too large
      28 ENOSPC No space left on device
      29 ESPIPE Illegal seek
      30 EROFS Read-only file system
      31 EMLINK Too many links
      32 EPIPE Broken pipe
      33 EDOM Numerical argument out of domain
      34 ERANGE Numerical result out of range
      35 EDEADLK Resource deadlock avoided
      36 ENAMETOOLONG File name too long
      37 ENOLCK No locks available
      38 ENOSYS Function not implemented
      39 ENOTEMPTY Directory not empty
      40 ELOOP Too many levels of symbolic links
      42 ENOMSG No message of desired type
      43 EIDRM Identifier removed
      44 ECHRNG Channel number out of range
      45 EL2NSYNC Level 2 not synchronized
      46 EL3HLT Level 3 halted
      47 EL3RST Level 3 reset
      48 ELNRNG Link number out of range
      49 EUNATCH Protocol driver not attached
      50 ENOCSI No CSI structure available
      51 EL2HLT Level 2 halted
      52 EBADE Invalid exchange
      53 EBADR Invalid request descriptor
      54 EXFULL Exchange full
      55 ENOANO No anode
      56 EBADRQC Invalid request code
      57 EBADSLT Invalid slot
      59 EBFONT Bad font file format
      60 ENOSTR Device not a stream
      61 ENODATA No data available
      62 ETIME Timer expired
      63 ENOSR Out of streams resources
      64 ENONET Machine is not on the network
      65 ENOPKG Package not installed
      66 EREMOTE Object is remote
      67 ENOLINK Link has been severed
      68 EADV Advertise error
      69 ESRMNT Srmount error
      70 ECOMM Communication error on send
      71 EPROTO Protocol error
      72 EMULTIHOP Multihop attempted
      73 EDOTDOT RFS specific error
      74 EBADMSG Bad message
      75 EOVERFLOW Value too large for defined data type
      76 ENOTUNIQ Name not unique on network
      77 EBADFD File descriptor in bad state
      78 EREMCHG Remote address changed
      79 ELIBACC Can not access a needed shared library
      80 ELIBBAD Accessing a corrupted shared library
      81 ELIBSCN .lib section in a.out corrupted
      82 ELIBMAX Attempting to link in too many shared libraries
      83 ELIBEXEC Cannot exec a shared library directly
      84 EILSEQ Invalid or incomplete multibyte or wide character
      85 ERESTART Interrupted system call should be restarted
      86 ESTRPIPE Streams pipe error
      87 EUSERS Too many users
      88 ENOTSOCK Socket operation on non-socket
      89 EDESTADDRREQ Destination address required
      90 EMSGSIZE Message too long
      91 EPROTOTYPE Protocol wrong type for socket
      92 ENOPROTOOPT Protocol not available
      93 EPROTONOSUPPORT Protocol not supported
      94 ESOCKTNOSUPPORT Socket type not supported
      95 EOPNOTSUPP Operation not supported
      96 EPFNOSUPPORT Protocol family not supported
      97 EAFNOSUPPORT Address family not supported by protocol
      98 EADDRINUSE Address already in use
      99 EADDRNOTAVAIL Cannot assign requested address
      100 ENETDOWN Network is down
      101 ENETUNREACH Network is unreachable
      102 ENETRESET Network dropped connection on reset
      103 ECONNABORTED Software caused connection abort
      104 ECONNRESET Connection reset by peer
      105 ENOBUFS No buffer space available
      106 EISCONN Transport endpoint is already connected
      107 ENOTCONN Transport endpoint is not connected
      108 ESHUTDOWN Cannot send after transport endpoint shutdown
      109 ETOOMANYREFS Too many references: cannot splice
      110 ETIMEDOUT Connection timed out
      111 ECONNREFUSED Connection refused
      112 EHOSTDOWN Host is down
      113 EHOSTUNREACH No route to host
      114 EALREADY Operation already in progress
      115 EINPROGRESS Operation now in progress
      116 ESTALE Stale file handle
      117 EUCLEAN Structure needs cleaning
      118 ENOTNAM Not a XENIX named type file
      119 ENAVAIL No XENIX semaphores available
      120 EISNAM Is a named type file
      121 EREMOTEIO Remote I/O error
      122 EDQUOT Disk quota exceeded
      123 ENOMEDIUM No medium found
      124 EMEDIUMTYPE Wrong medium type
      125 ECANCELED Operation canceled
      126 ENOKEY Required key not available
      127 EKEYEXPIRED Key has expired
      128 EKEYREVOKED Key has been revoked
      129 EKEYREJECTED Key was rejected by service
      130 EOWNERDEAD Owner died
      131 ENOTRECOVERABLE State not recoverable
      132 ERFKILL Operation not possible due to RF-kill
      133 EHWPOISON Memory page has hardware error
      524 ENOTSUPP Operation is not supported by the kernel
      4000 LIBBPF_ERRNO__LIBELF Something wrong in libelf
      4001 LIBBPF_ERRNO__FORMAT BPF object format invalid
      4002 LIBBPF_ERRNO__KVERSION Kernel version of the object is incorrect
      4003 LIBBPF_ERRNO__ENDIAN Endian mismatch
      4004 LIBBPF_ERRNO__INTERNAL Internal error in libbpf
      4005 LIBBPF_ERRNO__RELOC Relocation failed
      4006 LIBBPF_ERRNO__LOAD Load program failure for unknown reason
      4007 LIBBPF_ERRNO__VERIFY Kernel verifier blocks program loading
      4008 LIBBPF_ERRNO__PROG2BIG Program too big
      4009 LIBBPF_ERRNO__KVER Incorrect kernel version
      4010 LIBBPF_ERRNO__PROGTYPE Kernel doesn't support this program type
      4011 LIBBPF_ERRNO__WRNGPID Wrong pid in netlink message
      4012 LIBBPF_ERRNO__INVSEQ Invalid netlink sequence
      4013 LIBBPF_ERRNO__NLPARSE Netlink parsing error
      """;

  private static final Map<Integer, Entry> TABLE = parse();

  private Errno() {}

  /**
   * Returns the C name of an error number, such as {@code "EPERM"}, or {@code "errno 4711"} if it
   * has none. If there are two names, this is the one that errno(3) describes: {@code EAGAIN},
   * {@code EDEADLK}, {@code EOPNOTSUPP}.
   *
   * @param errno an error number, greater than 0
   */
  public static String name(int errno) {
    Entry entry = TABLE.get(errno);
    return entry == null ? "errno " + errno : entry.name();
  }

  /**
   * Returns name and meaning, such as {@code "EPERM (Operation not permitted)"}.
   *
   * @param errno an error number, greater than 0
   */
  public static String describe(int errno) {
    Entry entry = TABLE.get(errno);
    return entry == null ? name(errno) : entry.name() + " (" + entry.meaning() + ")";
  }

  private record Entry(String name, String meaning) {}

  private static Map<Integer, Entry> parse() {
    Map<Integer, Entry> table = new HashMap<>();
    LINES
        .lines()
        .map(line -> line.split(" ", 3))
        .forEach(part -> table.put(Integer.valueOf(part[0]), new Entry(part[1], part[2])));
    return Map.copyOf(table);
  }
}
