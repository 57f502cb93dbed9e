package dev.katran.ffm;

/** The main class of a child process that loads libbpf and an object and prints the version. */
final class LoadedLibbpf {

  private LoadedLibbpf() {}

  public static void main(String[] args) {
    try {
      String version = LibbpfLibrary.version();
      Lab.load().close();
      System.out.println(version);
    } catch (LibbpfUnavailableException e) {
      System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }
}
