/** The compiled BPF programs and the Java view of the ABI that they share with user space. */
@SuppressWarnings("module") // dev.katran is compiled after this module
module dev.katran.bpf {
  requires static org.jspecify;

  exports dev.katran.bpf;
  exports dev.katran.bpf.generated to
      dev.katran;
}
