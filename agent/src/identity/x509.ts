// The library registers its parts with reflect-metadata while it loads, so this import has to come first.
import 'reflect-metadata';

export { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
