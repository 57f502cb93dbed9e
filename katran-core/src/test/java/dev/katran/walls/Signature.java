package dev.katran.walls;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericDeclaration;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The types that a class header or a member names: supertypes, permitted subclasses, type
 * parameters, results, parameters, exceptions, and the annotations of all of these.
 *
 * @param owner the class or member
 * @param parts the types as Java prints them, with their type arguments and annotations
 */
record Signature(String owner, ImmutableList<String> parts) {

  private static final Pattern TYPE_NAME =
      Pattern.compile("[a-z]\\w*(?:\\.[a-z]\\w*)*\\.[A-Z][\\w$]*");

  /** Only their names are needed, and these need not be there at run time. */
  private static final String JSPECIFY = "org.jspecify.annotations";

  /** Returns the signatures of a class and its members that other packages see; none if hidden. */
  static ImmutableList<Signature> visibleOf(Class<?> type) {
    ImmutableList.Builder<Signature> signatures = ImmutableList.builder();
    if (isVisible(type)) {
      signatures.add(header(type));
      Arrays.stream(type.getDeclaredFields())
          .filter(Signature::isVisible)
          .map(Signature::of)
          .forEach(signatures::add);
      Stream.<Executable>concat(
              Arrays.stream(type.getDeclaredConstructors()),
              Arrays.stream(type.getDeclaredMethods()))
          .filter(Signature::isVisible)
          .map(Signature::of)
          .forEach(signatures::add);
    }
    return signatures.build();
  }

  /** Returns the named types outside these packages and the JDK, and those that are not public. */
  ImmutableSet<String> hiddenTypes(Set<String> exportedPackages) {
    return parts.stream()
        .flatMap(each -> TYPE_NAME.matcher(each).results().map(MatchResult::group))
        .filter(each -> !isNameable(each, exportedPackages))
        .collect(ImmutableSet.toImmutableSet());
  }

  private static boolean isNameable(String name, Set<String> exportedPackages) {
    String packageName = name.substring(0, name.lastIndexOf('.'));
    if (packageName.startsWith("java.") || packageName.equals(JSPECIFY)) {
      return true;
    }
    return exportedPackages.contains(packageName) && isVisible(find(name));
  }

  private static Class<?> find(String name) {
    try {
      return Class.forName(name, false, Signature.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("cannot find " + name + ", which a signature names", e);
    }
  }

  private static boolean isVisible(Class<?> type) {
    for (Class<?> each = type; each != null; each = each.getDeclaringClass()) {
      if (!isVisible(each.getModifiers())) {
        return false;
      }
    }
    return !type.isLocalClass() && !type.isAnonymousClass();
  }

  private static boolean isVisible(Member member) {
    return isVisible(member.getModifiers()) && !member.isSynthetic();
  }

  private static boolean isVisible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static Signature header(Class<?> type) {
    Parts parts = new Parts();
    parts.annotations(type.getAnnotations());
    parts.typeParameters(type);
    parts.type(type.getAnnotatedSuperclass());
    parts.types(type.getAnnotatedInterfaces());
    if (type.isSealed()) {
      Arrays.stream(type.getPermittedSubclasses()).map(Class::getName).forEach(parts.texts::add);
    }
    return parts.of(type.getName());
  }

  private static Signature of(Field field) {
    Parts parts = new Parts();
    parts.annotations(field.getAnnotations());
    parts.type(field.getAnnotatedType());
    return parts.of(field.toString());
  }

  private static Signature of(Executable executable) {
    Parts parts = new Parts();
    parts.annotations(executable.getAnnotations());
    for (Annotation[] annotations : executable.getParameterAnnotations()) {
      parts.annotations(annotations);
    }
    parts.typeParameters(executable);
    parts.type(executable.getAnnotatedReturnType());
    parts.types(executable.getAnnotatedParameterTypes());
    parts.types(executable.getAnnotatedExceptionTypes());
    return parts.of(executable.toString());
  }

  private static final class Parts {

    private final List<String> texts = new ArrayList<>();

    void annotations(Annotation[] annotations) {
      for (Annotation each : annotations) {
        texts.add(each.annotationType().getName());
      }
    }

    void typeParameters(GenericDeclaration declaration) {
      for (TypeVariable<?> each : declaration.getTypeParameters()) {
        annotations(each.getAnnotations());
        types(each.getAnnotatedBounds());
      }
    }

    void types(AnnotatedType[] types) {
      for (AnnotatedType each : types) {
        type(each);
      }
    }

    void type(@Nullable AnnotatedType type) {
      if (type != null) {
        texts.add(type.toString());
      }
    }

    Signature of(String owner) {
      return new Signature(owner, ImmutableList.copyOf(texts));
    }
  }
}
