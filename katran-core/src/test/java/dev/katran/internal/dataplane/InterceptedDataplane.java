package dev.katran.internal.dataplane;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.concurrent.Callable;

/** Wraps a dataplane and all of its roles, so that tests can watch, fail or falsify each call. */
public final class InterceptedDataplane {

  /** Called instead of each method of the dataplane and its roles. */
  @FunctionalInterface
  public interface Interceptor {

    /**
     * Handles a call.
     *
     * @param method as in {@code "vips.put"}, or {@code "batch"} for the dataplane itself
     * @param proceed calls the real method
     */
    Object intercept(String method, Object[] arguments, Callable<Object> proceed) throws Exception;
  }

  private InterceptedDataplane() {}

  /** Wraps a dataplane. */
  public static Dataplane of(Dataplane delegate, Interceptor interceptor) {
    return wrap(Dataplane.class, delegate, "", interceptor);
  }

  private static <T> T wrap(
      Class<T> type, Object delegate, String prefix, Interceptor interceptor) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Callable<Object> proceed =
                  () -> {
                    try {
                      return method.invoke(delegate, arguments);
                    } catch (InvocationTargetException e) {
                      switch (e.getCause()) {
                        case Error error -> throw error;
                        case Exception exception -> throw exception;
                        case Throwable other -> throw new AssertionError(other);
                      }
                    }
                  };
              if (method.getName().equals("journal")) {
                return ((Optional<?>) proceed.call())
                    .map(journal -> wrap(Journal.class, journal, "journal.", interceptor));
              }
              return isRole(method.getReturnType())
                  ? wrap(
                      method.getReturnType(), proceed.call(), method.getName() + ".", interceptor)
                  : interceptor.intercept(
                      prefix + method.getName(),
                      arguments == null ? new Object[0] : arguments,
                      proceed);
            }));
  }

  private static boolean isRole(Class<?> type) {
    return type.isInterface()
        && type.getPackage().equals(Dataplane.class.getPackage())
        && !type.equals(FlowTable.Scan.class);
  }
}
