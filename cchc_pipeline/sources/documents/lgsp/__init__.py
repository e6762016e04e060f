"""Read documents by the edXML interface of the provincial LGSP."""
